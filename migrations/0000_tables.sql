CREATE TABLE "api_tokens" (
	"hash" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "conflicts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "conflicts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"pair" text NOT NULL,
	"entity" bigint NOT NULL,
	"unit" text,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"shape" text NOT NULL,
	"label" text NOT NULL,
	"vv" text NOT NULL,
	"detail" text NOT NULL,
	"revision" text NOT NULL,
	"rule" text NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"decided_by" text,
	"choice" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"pair" text NOT NULL,
	"id" bigint NOT NULL,
	"side" text NOT NULL,
	"state" text NOT NULL,
	"attempt" integer NOT NULL,
	"items_count" integer NOT NULL,
	"run" bigint NOT NULL,
	"plan" bigint,
	"tick" bigint NOT NULL,
	"items" text NOT NULL,
	"entities" bigint[] NOT NULL,
	"span" "int8range" NOT NULL,
	"outcome" text,
	"created_at" timestamp with time zone NOT NULL,
	"sent_at" timestamp with time zone,
	"done_at" timestamp with time zone,
	CONSTRAINT "deliveries_pair_id_pk" PRIMARY KEY("pair","id")
);
--> statement-breakpoint
CREATE TABLE "intents" (
	"pair" text NOT NULL,
	"delivery" bigint NOT NULL,
	"entity" bigint NOT NULL,
	"side" text NOT NULL,
	"kind" text NOT NULL,
	"units" text[] NOT NULL,
	"state" text NOT NULL,
	"code" text,
	"message" text,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "intents_pair_delivery_entity_pk" PRIMARY KEY("pair","delivery","entity")
);
--> statement-breakpoint
CREATE TABLE "ledger_payloads" (
	"pair" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"nonce" text NOT NULL,
	"payload" text NOT NULL,
	CONSTRAINT "ledger_payloads_pair_seq_at_pk" PRIMARY KEY("pair","seq","at")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE TABLE "ledger" (
	"pair" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"kind" text NOT NULL,
	"entity" bigint,
	"side" text,
	"units" text[] NOT NULL,
	"actor" text NOT NULL,
	"rule" text NOT NULL,
	"revision" text NOT NULL,
	"source" text NOT NULL,
	"dot" text,
	"vv_before" text NOT NULL,
	"vv_after" text NOT NULL,
	"edit_min_ms" bigint,
	"edit_max_ms" bigint,
	"run" bigint,
	"delivery" bigint,
	"commitment" "bytea" NOT NULL,
	"leaf" "bytea" NOT NULL,
	CONSTRAINT "ledger_pair_seq_at_pk" PRIMARY KEY("pair","seq","at")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE TABLE "match_values" (
	"pair" text NOT NULL,
	"digest" "bytea" NOT NULL,
	"side" text NOT NULL,
	"entity" bigint NOT NULL,
	CONSTRAINT "match_values_pair_digest_side_entity_pk" PRIMARY KEY("pair","digest","side","entity")
);
--> statement-breakpoint
CREATE TABLE "pairs" (
	"pair" text PRIMARY KEY NOT NULL,
	"mode" text NOT NULL,
	"halt" text,
	"revision" text,
	"latest_revision" text NOT NULL,
	"epoch" integer NOT NULL,
	"tick" bigint NOT NULL,
	"next_entity" bigint NOT NULL,
	"linked" bigint NOT NULL,
	"cursors" text NOT NULL,
	"ledger_size" bigint NOT NULL,
	"ledger_peaks" text[] NOT NULL,
	"next_run" bigint NOT NULL,
	"next_delivery" bigint NOT NULL,
	"waiting" boolean NOT NULL,
	"last_verify_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "plan_items" (
	"plan" bigint NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "plan_items_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"entity" bigint NOT NULL,
	"kind" text NOT NULL,
	"side" text,
	"key" text COLLATE "C" NOT NULL,
	"label" text NOT NULL,
	"unit" text,
	"before" text NOT NULL,
	"after" text NOT NULL,
	"blank" boolean NOT NULL,
	"shape" text,
	"rule" text NOT NULL,
	CONSTRAINT "plan_items_plan_seq_pk" PRIMARY KEY("plan","seq")
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "plans_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"pair" text NOT NULL,
	"revision" text NOT NULL,
	"state" text NOT NULL,
	"counts" text,
	"tick" bigint,
	"as_of" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp with time zone,
	"approved_by" text,
	"progress" text,
	"problem" text
);
--> statement-breakpoint
CREATE TABLE "record_links" (
	"pair" text NOT NULL,
	"side" text NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"entity" bigint NOT NULL,
	CONSTRAINT "record_links_pair_side_key_pk" PRIMARY KEY("pair","side","key")
);
--> statement-breakpoint
CREATE TABLE "record_states" (
	"pair" text NOT NULL,
	"id" bigint NOT NULL,
	"state" text NOT NULL,
	"standing" text NOT NULL,
	"tick" bigint NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "record_states_pair_id_pk" PRIMARY KEY("pair","id")
) WITH (fillfactor = 70);
--> statement-breakpoint
CREATE TABLE "rereads" (
	"pair" text NOT NULL,
	"side" text NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"place" bigint GENERATED ALWAYS AS IDENTITY (sequence name "rereads_place_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	CONSTRAINT "rereads_pair_side_key_pk" PRIMARY KEY("pair","side","key")
);
--> statement-breakpoint
CREATE TABLE "revisions" (
	"pair" text NOT NULL,
	"id" text NOT NULL,
	"rules" text NOT NULL,
	"body" text NOT NULL,
	"connections" text NOT NULL,
	"saved_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "revisions_pair_id_pk" PRIMARY KEY("pair","id")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"pair" text NOT NULL,
	"id" bigint NOT NULL,
	"kind" text NOT NULL,
	"counts" jsonb NOT NULL,
	"result" text NOT NULL,
	"problem" text,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "runs_pair_id_pk" PRIMARY KEY("pair","id")
);
--> statement-breakpoint
CREATE TABLE "set_aside_rows" (
	"pair" text NOT NULL,
	"side" text NOT NULL,
	"place" text COLLATE "C" NOT NULL,
	"reason" text NOT NULL,
	"key" text COLLATE "C",
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "set_aside_rows_pair_side_place_pk" PRIMARY KEY("pair","side","place")
);
--> statement-breakpoint
CREATE TABLE "standing_counts" (
	"pair" text NOT NULL,
	"standing" text NOT NULL,
	"records" bigint NOT NULL,
	CONSTRAINT "standing_counts_pair_standing_pk" PRIMARY KEY("pair","standing")
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"worker" text PRIMARY KEY NOT NULL,
	"beat_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "conflicts_open" ON "conflicts" USING btree ("pair","entity",coalesce("unit", ''),"kind") WHERE "conflicts"."state" = 'open';--> statement-breakpoint
CREATE INDEX "conflicts_open_kind" ON "conflicts" USING btree ("pair","kind","id") WHERE "conflicts"."state" = 'open';--> statement-breakpoint
CREATE INDEX "conflicts_entity" ON "conflicts" USING btree ("pair","entity");--> statement-breakpoint
CREATE INDEX "deliveries_open" ON "deliveries" USING btree ("pair","id") WHERE "deliveries"."state" <> 'done';--> statement-breakpoint
CREATE INDEX "deliveries_span" ON "deliveries" USING gist ("span");--> statement-breakpoint
CREATE INDEX "intents_entity" ON "intents" USING btree ("pair","entity");--> statement-breakpoint
CREATE INDEX "ledger_entity" ON "ledger" USING btree ("pair","entity","seq" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "plan_items_entity" ON "plan_items" USING btree ("plan","entity");--> statement-breakpoint
CREATE INDEX "plans_pair" ON "plans" USING btree ("pair","id");--> statement-breakpoint
CREATE INDEX "plans_open" ON "plans" USING btree ("pair") WHERE "plans"."state" in ('reading', 'deciding', 'applying');--> statement-breakpoint
CREATE INDEX "record_links_entity" ON "record_links" USING btree ("pair","entity");--> statement-breakpoint
CREATE INDEX "record_states_standing" ON "record_states" USING btree ("pair","standing","id") WHERE "record_states"."standing" <> 'agreed';--> statement-breakpoint
CREATE INDEX "rereads_place" ON "rereads" USING btree ("pair","side","place");--> statement-breakpoint
CREATE INDEX "runs_started" ON "runs" USING btree ("started_at","pair","id");