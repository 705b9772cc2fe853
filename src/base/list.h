/* Intrusive doubly linked lists. A ListNode that is in no list is zeroed or points at itself. */
#pragma once

#include "base/alloc.h"

#include <stdbool.h>

typedef struct ListNode {
        struct ListNode *next, *prev;
} ListNode;

#define LIST_INIT(head) {&(head), &(head)}

static inline void list_init(ListNode *head)
{
        head->next = head->prev = head;
}

static inline bool list_empty(const ListNode *head)
{
        return !head->next || head->next == head;
}

static inline void list_insert_before(ListNode *at, ListNode *node)
{
        node->prev = at->prev;
        node->next = at;
        at->prev->next = node;
        at->prev = node;
}

static inline void list_append(ListNode *head, ListNode *node)
{
        list_insert_before(head, node);
}

static inline void list_prepend(ListNode *head, ListNode *node)
{
        list_insert_before(head->next, node);
}

/* Harmless on a node that is in no list. */
static inline void list_remove(ListNode *node)
{
        if (!node->next)
                return;
        node->prev->next = node->next;
        node->next->prev = node->prev;
        list_init(node);
}

/* Moves everything in `from`, in its order, behind what is in `to`. */
static inline void list_append_all(ListNode *to, ListNode *from)
{
        if (list_empty(from))
                return;
        from->next->prev = to->prev;
        to->prev->next = from->next;
        from->prev->next = to;
        to->prev = from->prev;
        list_init(from);
}

#define list_first(head, type, member)                                                             \
        (list_empty(head) ? NULL : container_of((head)->next, type, member))

/* The walk bears the removal of the current element. */
#define LIST_FOREACH(var, head, type, member)                                                      \
        for (type *var = container_of((head)->next, type, member),                                 \
                  *var##_next = container_of(var->member.next, type, member);                      \
             &var->member != (head);                                                               \
             var = var##_next, var##_next = container_of(var->member.next, type, member))
