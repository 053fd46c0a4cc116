-- The seven books of the book store. They belong to the shop itself.
INSERT INTO items (id, seller_id, request_id, name, category, keywords, search_keywords, condition, price_cents, currency, quantity, topic)
SELECT id, '00000000-0000-0000-0000-000000000000', 'book-' || id, title, 0, '{book}', '{book}', 'new', price_cents, 'USD', 1000, topic
FROM (VALUES
    (1, 'How to get a good grade in 677 in 20 minutes a day',    3000, 'distributed systems'),
    (2, 'RPCs for Dummies',                                      4000, 'distributed systems'),
    (3, 'Xen and the Art of Surviving Graduate School',          7500, 'graduate school'),
    (4, 'Cooking for the Impatient Graduate Student',           15000, 'graduate school'),
    (5, 'How to finish Project 3 on time',                       4000, 'distributed systems'),
    (6, 'Why theory classes are so hard',                        5000, 'graduate school'),
    (7, 'Spring in the Pioneer Valley',                          6000, 'graduate school')
) AS books (id, title, price_cents, topic);
