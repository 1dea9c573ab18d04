alter table refund add column refund_key text;
create unique index concurrently refund_key_once on refund (refund_key);
