import { writeFile } from 'node:fs/promises';
import { purchaseJsonSchema } from './purchase/schema.ts';

// Writes purchase.schema.json of the package anew: node whitelist-builder/dist/write-schema.js
const path = new URL('../purchase.schema.json', import.meta.url);
await writeFile(path, `${JSON.stringify(purchaseJsonSchema(), null, 2)}\n`);
