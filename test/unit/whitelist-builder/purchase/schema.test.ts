import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { purchaseJsonSchema } from '@pinless-gate/whitelist-builder/purchase/schema';
import { describe, expect, test } from 'vitest';

const SHIPPED = join(import.meta.dirname, '../../../../whitelist-builder/purchase.schema.json');

describe('purchaseJsonSchema', () => {
  test('is what ships with the package (node whitelist-builder/dist/write-schema.js)', () => {
    expect(JSON.parse(readFileSync(SHIPPED, 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(purchaseJsonSchema())),
    );
  });

  test('every object is closed but for columns that begin with x_', () => {
    let objects = 0;
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if ('type' in value && value.type === 'object') {
        objects++;
        expect(value).toMatchObject({
          additionalProperties: false,
          patternProperties: { '^x_': {} },
        });
      }
      Object.values(value).forEach(visit);
    };
    visit(purchaseJsonSchema());
    expect(objects).toBeGreaterThan(8);
  });
});
