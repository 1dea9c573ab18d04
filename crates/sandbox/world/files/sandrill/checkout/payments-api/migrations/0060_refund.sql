create table refund (
  id uuid primary key default gen_random_uuid(),
  intent text not null references intent (id),
  amount bigint not null check (amount > 0),
  currency char(3) not null,
  booked_at timestamptz not null default now()
);
