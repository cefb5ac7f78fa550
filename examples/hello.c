#include <qk.h>
#include <stdio.h>

int main(void)
{
  qk_store *store;
  qk_ticket ada;
  if (qk_open(&store, "memory:", NULL, NULL) != QK_OK)
    return 1;
  if (qk_enter(store, "concert", "ada", &ada) == QK_OK)
    printf("ada is %s with number %d\n", qk_state_name(ada.state), (int)ada.number);
  qk_close(store);
}
