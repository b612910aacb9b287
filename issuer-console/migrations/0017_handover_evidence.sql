ALTER TABLE "handovers" ADD COLUMN "evidence_id" text;--> statement-breakpoint
ALTER TABLE "handovers" ADD CONSTRAINT "handovers_evidence_id_unique" UNIQUE("evidence_id");