/* The model test over the memory backend. */
#include "memory.h"
#include "model.h"

int main(int argc, char **argv)
{
  fixture = &memory_fixture;
  return model_main(argc, argv);
}
