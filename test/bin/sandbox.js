#!/usr/bin/env node
await import('../dist/sandbox/main.js');
