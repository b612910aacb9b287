import { serveIsolated } from '@pinless-gate/runtime/isolated-process';
import { PcscReader } from './pcsc.ts';
import type { ReaderInit, TransmitCall, WatchCall } from './reader-messages.ts';

// The process that holds the PC/SC library: it may hang or die at any call, and is then replaced.
serveIsolated(async (init) => {
  const reader = new PcscReader((init as ReaderInit).reader);
  return {
    watch: ({ known, timeoutMs }: WatchCall) => reader.watch(known, timeoutMs),
    transmit: ({ connect, commands }: TransmitCall) => {
      if (connect) reader.connect();
      return reader.transmit(commands);
    },
    disconnect: () => reader.disconnect(),
    properties: () => reader.properties(),
  };
});
