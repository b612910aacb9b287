CREATE TABLE "enrolment_challenges" (
	"challenge" "bytea" PRIMARY KEY NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "gate_nonces" (
	"gate_id" uuid NOT NULL,
	"nonce" "bytea" NOT NULL,
	"taken_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "gate_nonces_gate_id_nonce_pk" PRIMARY KEY("gate_id","nonce")
);
--> statement-breakpoint
CREATE TABLE "identity" (
	"only" integer PRIMARY KEY NOT NULL,
	"id" uuid NOT NULL,
	CONSTRAINT "identity_only" CHECK ("identity"."only" = 1)
);
--> statement-breakpoint
CREATE TABLE "invitations" (
	"token_hash" "bytea" PRIMARY KEY NOT NULL,
	"gate_id" uuid NOT NULL,
	"gate_name" text NOT NULL,
	"event_ids" text[] NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	"withdrawn_at" timestamp (3) with time zone,
	CONSTRAINT "invitations_gate_id_unique" UNIQUE("gate_id")
);
--> statement-breakpoint
ALTER TABLE "gates" ADD COLUMN "unexplained_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "gates" ADD COLUMN "statement" "bytea";--> statement-breakpoint
ALTER TABLE "gates" ADD COLUMN "event_ids" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "gates" ADD COLUMN "enrolled_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "gates" ADD COLUMN "revoked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "gate_nonces" ADD CONSTRAINT "gate_nonces_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "enrolment_challenges_expiry" ON "enrolment_challenges" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "gate_nonces_taken" ON "gate_nonces" USING btree ("taken_at");