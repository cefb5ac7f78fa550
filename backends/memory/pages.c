#include "pages.h"

int qkm_page_has(const struct qkm_page *page, uint32_t i)
{
  return page->level == 1 ? page->child.block[i] != 0 : page->child.page[i] != NULL;
}

uint32_t qkm_page_open(struct qkm_page *page)
{
  uint32_t i = page->used++;
  page->pre[i] = page->live ? page->pre[page->first] + page->total : 0;
  if (page->live++ == 0)
    page->first = (uint8_t)i;
  return i;
}

void qkm_page_adopt(struct qkm_page *page, struct qkm_page *child, int64_t seen_ms)
{
  uint32_t i = qkm_page_open(page);
  page->child.page[i] = child;
  page->seen[i] = seen_ms;
  child->parent = page;
  child->index = (uint8_t)i;
}

void qkm_span_add(const struct qkm_block *block, uint32_t n)
{
  uint32_t index = block->index;
  for (struct qkm_page *page = block->parent; page; page = page->parent) {
    page->total += n;
    for (uint32_t j = 0; j < QKM_FAN; j++)
      page->pre[j] += j > index ? n : 0;
    index = page->index;
  }
}

void qkm_span_remove(const struct qkm_block *block, uint32_t n)
{
  uint32_t index = block->index;
  for (struct qkm_page *page = block->parent; page; page = page->parent) {
    page->total -= n;
    if (index == page->first)
      page->pre[index] += n;
    else
      for (uint32_t j = 0; j < QKM_FAN; j++)
        page->pre[j] -= j > index ? n : 0;
    index = page->index;
  }
}

int64_t qkm_page_least_seen(const struct qkm_page *page)
{
  int64_t least = QKM_NEVER;
  for (uint32_t i = 0; i < QKM_FAN; i++)
    least = page->seen[i] < least ? page->seen[i] : least;
  return least;
}

void qkm_seen_lower(const struct qkm_block *block, int64_t seen_ms)
{
  uint32_t index = block->index;
  for (struct qkm_page *page = block->parent; page && page->seen[index] > seen_ms; page = page->parent) {
    page->seen[index] = seen_ms;
    index = page->index;
  }
}

void qkm_seen_set(struct qkm_page *page, uint32_t index, int64_t seen_ms)
{
  for (; page && page->seen[index] != seen_ms; page = page->parent) {
    page->seen[index] = seen_ms;
    seen_ms = qkm_page_least_seen(page);
    index = page->index;
  }
}

uint32_t qkm_page_stalest(const struct qkm_page *page, int64_t from_ms)
{
  uint32_t best = page->first;
  for (uint32_t i = page->first + 1u; i < page->used; i++)
    if (qkm_no_earlier(page->seen[i], from_ms) < qkm_no_earlier(page->seen[best], from_ms))
      best = i;
  return best;
}
