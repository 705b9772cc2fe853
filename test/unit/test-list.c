/* base/list: order, removal during a walk, and nodes that are in no list. */
#include "unit.h"

#include "base/list.h"

typedef struct Item {
        int value;
        ListNode node;
} Item;

static void check(ListNode *head, const char *expect)
{
        char text[32] = "";
        size_t n = 0;

        LIST_FOREACH(item, head, Item, node)
                text[n++] = (char) ('0' + item->value);
        assert_string_equal(text, expect);
        n = 0;
        for (const ListNode *node = head->prev; node != head; node = node->prev)
                n++;
        assert_int_equal(n, strlen(expect));
        assert_int_equal(list_empty(head), n == 0);
}

static void order(void **state)
{
        ListNode head = LIST_INIT(head);
        Item items[6];

        (void) state;
        for (int i = 0; i < 6; i++)
                items[i] = (Item){.value = i};
        assert_null(list_first(&head, Item, node));
        check(&head, "");
        list_append(&head, &items[1].node);
        list_append(&head, &items[2].node);
        list_prepend(&head, &items[0].node);
        list_insert_before(&items[2].node, &items[5].node);
        check(&head, "0152");
        assert_ptr_equal(list_first(&head, Item, node), &items[0]);
        list_remove(&items[5].node);
        list_remove(&items[5].node);
        check(&head, "012");
        list_append(&head, &items[5].node);
        check(&head, "0125");
}

static void zeroed_nodes(void **state)
{
        Item item = {};
        ListNode zeroed = {};

        (void) state;
        list_remove(&item.node);
        assert_true(list_empty(&zeroed));
        assert_null(list_first(&zeroed, Item, node));
}

static void removal_during_a_walk(void **state)
{
        (void) state;
        for (unsigned mask = 0; mask < 1U << 5; mask++) {
                ListNode head = LIST_INIT(head);
                Item items[5];
                char expect[6] = "";
                size_t n = 0;

                for (int i = 0; i < 5; i++) {
                        items[i] = (Item){.value = i};
                        list_append(&head, &items[i].node);
                        if (!(mask & 1U << i))
                                expect[n++] = (char) ('0' + i);
                }
                LIST_FOREACH(item, &head, Item, node)
                        if (mask & 1U << item->value)
                                list_remove(&item->node);
                check(&head, expect);
        }
}

static void append_all(void **state)
{
        (void) state;
        for (int k = 0; k < 3; k++)
                for (int m = 0; m < 3; m++) {
                        ListNode to = LIST_INIT(to), from = LIST_INIT(from);
                        Item items[4];
                        char expect[5] = "";

                        for (int i = 0; i < k + m; i++) {
                                items[i] = (Item){.value = i};
                                list_append(i < k ? &to : &from, &items[i].node);
                                expect[i] = (char) ('0' + i);
                        }
                        list_append_all(&to, &from);
                        check(&to, expect);
                        check(&from, "");
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(order),
                cmocka_unit_test(zeroed_nodes),
                cmocka_unit_test(removal_during_a_walk),
                cmocka_unit_test(append_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
