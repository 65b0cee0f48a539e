"""The tables and rows of the services that the emulator's users operate, small and with known counts."""

FINEMAN_WEST = """
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('3f2a9c71d0b4');
CREATE TABLE accounts (id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE);
INSERT INTO accounts SELECT n, 'Customer ' || n, 'customer' || n || '@example.com' FROM generate_series(1, 20) n;
CREATE TABLE invoices (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account_id integer NOT NULL REFERENCES accounts, invoice_date date NOT NULL,
  due_date date NOT NULL CHECK (due_date >= invoice_date), total_amount numeric(12, 2) NOT NULL CHECK (total_amount > 0), status text NOT NULL DEFAULT 'open');
INSERT INTO invoices (account_id, invoice_date, due_date, total_amount, status)
  SELECT 1 + n % 20, date '2025-01-01' + n % 180, date '2025-01-31' + n % 180, 100 + n * 1.25, CASE WHEN n % 4 = 0 THEN 'paid' ELSE 'open' END FROM generate_series(1, 200) n;
CREATE TABLE invoice_aging_snapshots (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, invoice_id integer NOT NULL REFERENCES invoices, snapshot_date date NOT NULL, days_outstanding integer NOT NULL,
  aging_bucket text NOT NULL, UNIQUE (invoice_id, snapshot_date));
INSERT INTO invoice_aging_snapshots (invoice_id, snapshot_date, days_outstanding, aging_bucket)
  SELECT id, date '2025-07-01', 30 + id % 120, CASE WHEN id % 120 < 30 THEN '30-60' WHEN id % 120 < 60 THEN '60-90' ELSE '90+' END FROM invoices;
"""

LIFTLOG = """
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('a81c55e0f2d7');
CREATE TABLE users (id uuid PRIMARY KEY, hashed_password text NOT NULL, salt bytea NOT NULL, last_accessed timestamptz NOT NULL DEFAULT now());
INSERT INTO users SELECT md5('user' || n)::uuid, md5('hash' || n), decode(md5('salt' || n), 'hex') FROM generate_series(1, 50) n;
CREATE TABLE user_events (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE, id uuid NOT NULL, timestamp timestamptz NOT NULL, expiry timestamptz NOT NULL, encrypted_event bytea NOT NULL,
  PRIMARY KEY (user_id, id));
INSERT INTO user_events SELECT users.id, md5(users.id::text || n)::uuid, now() - n * interval '1 day', now() + (30 - n) * interval '1 day', decode(md5(n::text), 'hex')
  FROM users, generate_series(1, 6) n;
"""

GUESSLYFE = """
CREATE TABLE migrations (id serial PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL);
INSERT INTO migrations (timestamp, name) VALUES (1718000000000, 'CreateUsers1718000000000'), (1719000000000, 'CreateMarkets1719000000000'), (1720000000000, 'CreateBets1720000000000');
CREATE TABLE users (id integer PRIMARY KEY, wallet_address varchar(42) NOT NULL UNIQUE, balance numeric(20, 8) NOT NULL DEFAULT 0 CHECK (balance >= 0));
INSERT INTO users SELECT n, '0x' || substr(md5(n::text) || md5('x' || n), 1, 40), n * 10 FROM generate_series(1, 40) n;
CREATE TABLE markets (id integer PRIMARY KEY, question text NOT NULL, closes_at timestamptz NOT NULL, outcome text);
INSERT INTO markets SELECT n, 'Question ' || n, now() + n * interval '1 hour', CASE WHEN n % 5 = 0 THEN 'yes' END FROM generate_series(1, 15) n;
CREATE TABLE bets (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id integer NOT NULL REFERENCES users, market_id integer NOT NULL REFERENCES markets, amount numeric(20, 8) NOT NULL CHECK (amount > 0),
  placed_at timestamptz NOT NULL DEFAULT now());
INSERT INTO bets (user_id, market_id, amount) SELECT 1 + n % 40, 1 + n % 15, 1 + n % 7 FROM generate_series(1, 120) n;
"""

FIXTURES = {"fineman-west": FINEMAN_WEST, "liftlog": LIFTLOG, "guesslyfe": GUESSLYFE}
