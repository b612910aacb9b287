import type { CommandApdu } from '@pinless-gate/protocol/apdu/command';

const MAX_NE = 0x100;

/** READ BINARY of the current EF from `offset` to `length`, in short commands (ISO/IEC 7816-4 7.2.3). */
export function readBinaryFrom(offset: number, length: number): CommandApdu[] {
  const commands: CommandApdu[] = [];
  for (let at = offset; at < length; at += MAX_NE) {
    const ne = Math.min(MAX_NE, length - at);
    commands.push({ cla: 0x00, ins: 0xb0, p1: at >> 8, p2: at & 0xff, ne });
  }
  return commands;
}
