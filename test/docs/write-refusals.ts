import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusalsPage } from './refusals.ts';

// `npm run refusals`: docs/refusals.md from the code.
writeFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'refusals.md'), refusalsPage());
