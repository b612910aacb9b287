import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { approvalMessage } from '@pinless-gate/hsm/ceremony/approval';
import { withApproval } from '@pinless-gate/hsm/ceremony/dual-control';
import { LogFile } from '@pinless-gate/hsm/ceremony/log-file';
import type { Step } from '@pinless-gate/hsm/ceremony/step';
import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Ceremony, Person } from './operators.ts';

let ceremony: Ceremony;
let sato: Person;
let suzuki: Person;
let tanaka: Person;

beforeEach(async () => {
  ceremony = await Ceremony.begin('sato', 'suzuki', 'tanaka');
  [sato, suzuki, tanaka] = ceremony.people as [Person, Person, Person];
});

const code = (expected: string) => expect.objectContaining({ code: expected });
const entries = async () => (await LogFile.open(ceremony.directory, ceremony.now)).log.entries;
const edit = async (path: string, change: (step: Step) => object) => {
  const step = JSON.parse(await readFile(path, 'utf8')) as Step;
  await writeFile(path, JSON.stringify(change(step)));
};

describe('withApproval', () => {
  test('of two operators: done once, with intent before and facts after', async () => {
    const id = await ceremony.propose();
    await ceremony.approveAll(id);
    const { run, ended } = ceremony.attempt({ facts: (result) => ({ result }) });
    expect(await ended).toBe('done');
    expect(run).toHaveBeenCalledOnce();
    const [begin, intent, done, ...more] = await entries();
    expect(begin).toMatchObject({ kind: 'begin', approvals: 2 });
    expect(intent).toMatchObject({
      kind: 'intent',
      step: { id, details: { key: 'event-1', id: '00ff' } },
      approvals: [{ operator: 'sato' }, { operator: 'suzuki' }],
    });
    expect(done).toMatchObject({ kind: 'done', step: id, facts: { result: 'done' } });
    expect(more).toEqual([]);
  });

  test('the intent is on the disk before the step begins', async () => {
    await ceremony.approveAll(await ceremony.propose());
    const request = {
      action: 'event-key-destroy',
      details: { key: 'event-1', id: '00ff' },
    } as const;
    const seen = await withApproval(ceremony.config, request, entries, { now: ceremony.now });
    expect(seen.map(({ kind }) => kind)).toEqual(['begin', 'intent']);
  });

  test('of nobody, and of one: refused, and the step stays the same', async () => {
    const first = ceremony.attempt();
    await expect(first.ended).rejects.toEqual(code('ERR_CEREMONY_APPROVAL'));
    const id = await ceremony.propose();
    await ceremony.approve(id, sato);
    const second = ceremony.attempt();
    await expect(second.ended).rejects.toMatchObject({
      code: 'ERR_CEREMONY_APPROVAL',
      message: expect.stringContaining(`step ${id}`),
    });
    expect(first.run).not.toHaveBeenCalled();
    expect(second.run).not.toHaveBeenCalled();
    expect(await entries()).toHaveLength(1);
  });

  test('a second time: proposed anew', async () => {
    await ceremony.approveAll(await ceremony.propose());
    await ceremony.attempt().ended;
    const { run, ended } = ceremony.attempt();
    await expect(ended).rejects.toEqual(code('ERR_CEREMONY_APPROVAL'));
    expect(run).not.toHaveBeenCalled();
  });

  test('replayed: files of a step that was done, put back', async () => {
    const id = await ceremony.propose();
    await ceremony.approveAll(id);
    await cp(ceremony.path('steps', id), ceremony.path('copy'), { recursive: true });
    await ceremony.attempt().ended;
    await rename(ceremony.path('copy'), ceremony.path('steps', id));
    const { run, ended } = ceremony.attempt();
    await expect(ended).rejects.toEqual(code('ERR_CEREMONY_USED'));
    expect(run).not.toHaveBeenCalled();
    // The copy is gone: it bars nobody from having the same approved again.
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_APPROVAL'));
  });

  test('for something else: what was approved is not what is asked', async () => {
    await ceremony.approveAll(await ceremony.propose());
    const { run, ended } = ceremony.attempt({ details: { key: 'event-2', id: '00ff' } });
    await expect(ended).rejects.toEqual(code('ERR_CEREMONY_APPROVAL'));
    expect(run).not.toHaveBeenCalled();
  });

  test('changed after approval, to what is asked', async () => {
    const id = await ceremony.propose();
    await ceremony.approveAll(id);
    const details = { key: 'event-2', id: '00ff' };
    await edit(ceremony.path('steps', id, 'step.json'), (step) => ({ ...step, details }));
    await expect(ceremony.attempt({ details }).ended).rejects.toEqual(code('ERR_CEREMONY_CHANGED'));
  });

  test('changed, and the digest in the approval with it', async () => {
    const id = await ceremony.propose();
    await ceremony.approve(id, sato);
    await edit(ceremony.path('steps', id, 'sato.json'), (approval) => ({
      ...approval,
      at: new Date(ceremony.at + 1).toISOString(),
    }));
    await ceremony.approve(id, suzuki);
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_SIGNATURE'));
  });

  test('the same operator twice, under two file names', async () => {
    const id = await ceremony.propose();
    await ceremony.approve(id, sato);
    await cp(ceremony.path('steps', id, 'sato.json'), ceremony.path('steps', id, 'suzuki.json'));
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_OPERATOR_TWICE'));
  });

  test('under the name of another operator', async () => {
    const id = await ceremony.propose();
    await ceremony.approve(id, sato);
    await edit(ceremony.path('steps', id, 'sato.json'), (approval) => ({
      ...approval,
      operator: 'suzuki',
    }));
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_SIGNATURE'));
  });

  test('of a stranger', async () => {
    const id = await ceremony.propose();
    await ceremony.approve(id, sato);
    await edit(ceremony.path('steps', id, 'sato.json'), (approval) => ({
      ...approval,
      operator: 'yamada',
    }));
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_OPERATOR'));
  });

  test('for another step', async () => {
    const id = await ceremony.propose();
    const other = await ceremony.propose({ details: { key: 'event-2' } });
    await ceremony.approveAll(other);
    await rename(
      ceremony.path('steps', other, 'sato.json'),
      ceremony.path('steps', id, 'sato.json'),
    );
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_FOREIGN'));
  });

  test('of another ceremony of the same people', async () => {
    const elsewhere = await Ceremony.begin('sato', 'suzuki');
    const id = await elsewhere.propose();
    await elsewhere.approveAll(id);
    await rename(elsewhere.path('steps'), ceremony.path('steps'));
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_FOREIGN'));
  });

  test('of an operator who was taken off the list meanwhile', async () => {
    const id = await ceremony.propose();
    await ceremony.approve(id, tanaka);
    await ceremony.approve(id, suzuki);
    const remove = { action: 'operator-remove', details: { name: 'tanaka' } } as const;
    await ceremony.approveAll(await ceremony.propose(remove));
    await ceremony.attempt(remove).ended;
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_OPERATOR_REMOVED'));
  });

  test('expired: proposed anew, and the old one counts no more', async () => {
    const id = await ceremony.propose();
    await ceremony.approveAll(id);
    ceremony.at += 3_600_000;
    await expect(ceremony.approve(id, tanaka)).rejects.toEqual(code('ERR_CEREMONY_EXPIRED'));
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_EXPIRED'));
    const { run, ended } = ceremony.attempt();
    await expect(ended).rejects.toEqual(code('ERR_CEREMONY_APPROVAL'));
    expect(run).not.toHaveBeenCalled();
  });

  test.each([-1, 3_600_000])(
    'an approval that claims a time outside of the hour: %i ms',
    async (ms) => {
      const id = await ceremony.propose();
      await ceremony.approve(id, suzuki);
      const path = ceremony.path('steps', id);
      const honest = JSON.parse(await readFile(`${path}/suzuki.json`, 'utf8'));
      const claimed = { ...honest, operator: 'sato', at: new Date(ceremony.at + ms).toISOString() };
      const signature = await sato.sign(approvalMessage(claimed));
      await writeFile(
        `${path}/sato.json`,
        JSON.stringify({ ...claimed, signature: toHex(signature) }),
      );
      await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_EXPIRED'));
    },
  );

  test('the last millisecond of the hour counts', async () => {
    await ceremony.approveAll(await ceremony.propose());
    ceremony.at += 3_599_999;
    expect(await ceremony.attempt().ended).toBe('done');
  });

  test('with a step that claims a longer life', async () => {
    const id = await ceremony.propose();
    await edit(ceremony.path('steps', id, 'step.json'), (step) => ({
      ...step,
      expiresAt: '2027-11-20T10:00:00.000Z',
    }));
    await expect(ceremony.approve(id, sato)).rejects.toEqual(code('ERR_CEREMONY_EXPIRED'));
  });

  test('more approvals than the log wants, where the configuration says so', async () => {
    const id = await ceremony.propose();
    await ceremony.approveAll(id);
    const config = { kind: 'directory', directory: ceremony.directory, approvals: 3 } as const;
    const request = {
      action: 'event-key-destroy',
      details: { key: 'event-1', id: '00ff' },
    } as const;
    const run = async () => 'done';
    const attempt = () => withApproval(config, request, run, { now: ceremony.now });
    await expect(attempt()).rejects.toEqual(code('ERR_CEREMONY_APPROVAL'));
    await ceremony.approve(id, tanaka);
    expect(await attempt()).toBe('done');
  });

  test('fewer approvals than the log wants, by the configuration: the log decides', async () => {
    await ceremony.approve(await ceremony.propose(), sato);
    const config = { kind: 'directory', directory: ceremony.directory, approvals: 1 } as const;
    const request = {
      action: 'event-key-destroy',
      details: { key: 'event-1', id: '00ff' },
    } as const;
    const run = vi.fn(async () => 'done');
    await expect(withApproval(config, request, run, { now: ceremony.now })).rejects.toEqual(
      code('ERR_CEREMONY_APPROVAL'),
    );
    expect(run).not.toHaveBeenCalled();
  });

  test('a step that fails is logged with its code, and used up', async () => {
    await ceremony.approveAll(await ceremony.propose());
    const request = {
      action: 'event-key-destroy',
      details: { key: 'event-1', id: '00ff' },
    } as const;
    const run = async () => {
      throw new GateError('ERR_HSM_DEVICE', 'no token');
    };
    const attempt = withApproval(ceremony.config, request, run, { now: ceremony.now });
    await expect(attempt).rejects.toEqual(code('ERR_HSM_DEVICE'));
    expect((await entries()).at(-1)).toMatchObject({ kind: 'failed', code: 'ERR_HSM_DEVICE' });
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_APPROVAL'));
  });

  test('what an operator could not read is not proposed', async () => {
    const details = { key: 'event-1\u202e1-tneve' };
    await expect(ceremony.attempt({ details }).ended).rejects.toEqual(code('ERR_CEREMONY_DETAILS'));
    expect(await readdir(ceremony.directory)).not.toContain('steps');
  });

  test('while another process is at it', async () => {
    await ceremony.approveAll(await ceremony.propose());
    const request = {
      action: 'event-key-destroy',
      details: { key: 'event-1', id: '00ff' },
    } as const;
    const inner = () => ceremony.attempt().ended;
    await expect(
      withApproval(ceremony.config, request, inner, { now: ceremony.now }),
    ).rejects.toEqual(code('ERR_LOCKED'));
  });

  test('no ceremony in the configuration', async () => {
    const request = { action: 'event-key-destroy', details: {} } as const;
    const run = vi.fn(async () => 'done');
    await expect(withApproval({ kind: 'absent', file: 'hsm.toml' }, request, run)).rejects.toEqual(
      code('ERR_CEREMONY_NONE'),
    );
    expect(run).not.toHaveBeenCalled();
    expect(await withApproval({ kind: 'waived' }, request, run)).toBe('done');
  });

  test('a ceremony that never began', async () => {
    await rm(ceremony.path('log.ndjson'));
    await expect(ceremony.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_NONE'));
  });
});

describe('approveStep', () => {
  test('a key that is not the operator’s', async () => {
    const id = await ceremony.propose();
    await expect(ceremony.approve(id, sato, 'suzuki')).rejects.toEqual(
      code('ERR_CEREMONY_SIGNATURE'),
    );
    expect(await readdir(ceremony.path('steps', id))).toEqual(['step.json']);
  });

  test('nobody of that name, and a second time', async () => {
    const id = await ceremony.propose();
    const stranger = new Person('yamada');
    await expect(ceremony.approve(id, stranger)).rejects.toEqual(code('ERR_CEREMONY_OPERATOR'));
    await ceremony.approve(id, sato);
    await expect(ceremony.approve(id, sato)).rejects.toEqual(code('ERR_CEREMONY_OPERATOR_TWICE'));
  });

  test.each(['0000000000000000', '../../etc', ''])('no step %j', async (id) => {
    await expect(ceremony.approve(id, sato)).rejects.toEqual(code('ERR_CEREMONY_STEP'));
  });

  test('a step whose files are no step', async () => {
    const id = await ceremony.propose();
    await writeFile(ceremony.path('steps', id, 'step.json'), '{"format"');
    await expect(ceremony.approve(id, sato)).rejects.toEqual(code('ERR_CEREMONY_STEP'));
  });

  test('a step that was begun', async () => {
    const id = await ceremony.propose();
    await ceremony.approveAll(id);
    await ceremony.attempt().ended;
    await cp(ceremony.path('begun', id), ceremony.path('steps', id), { recursive: true });
    await expect(ceremony.approve(id, tanaka)).rejects.toEqual(code('ERR_CEREMONY_USED'));
  });
});

describe('operators', () => {
  const add = (person: Person) =>
    ({
      action: 'operator-add',
      details: {
        name: person.name,
        role: 'auditor',
        'public key': person.entry.publicKey,
      },
    }) as const;

  test('a new one approves what comes after', async () => {
    const yamada = new Person('yamada');
    await ceremony.approveAll(await ceremony.propose(add(yamada)));
    await ceremony.attempt(add(yamada)).ended;
    const id = await ceremony.propose();
    await ceremony.approve(id, yamada);
    await ceremony.approve(id, tanaka);
    expect(await ceremony.attempt().ended).toBe('done');
  });

  test.each([
    ['a name that was given', () => new Person('sato'), 'ERR_CEREMONY_OPERATOR_EXISTS'],
    ['a key on another curve', () => new Person('yamada', 'P-384'), 'ERR_CEREMONY_OPERATOR_KEY'],
  ])('%s is refused, and nothing is written', async (_, person, expected) => {
    const request = (() => {
      try {
        return add(person());
      } catch (error) {
        return error as GateError;
      }
    })();
    if (request instanceof GateError) return expect(request.code).toBe(expected);
    await ceremony.approveAll(await ceremony.propose(request));
    const { run, ended } = ceremony.attempt(request);
    await expect(ended).rejects.toEqual(code(expected));
    expect(run).not.toHaveBeenCalled();
    expect(await entries()).toHaveLength(1);
  });

  test('a key that another operator has', async () => {
    const request = { ...add(sato), details: { ...add(sato).details, name: 'yamada' } };
    await ceremony.approveAll(await ceremony.propose(request));
    await expect(ceremony.attempt(request).ended).rejects.toEqual(
      code('ERR_CEREMONY_OPERATOR_KEY'),
    );
  });

  test('none may go where too few would be left', async () => {
    const remove = (name: string) => ({ action: 'operator-remove', details: { name } }) as const;
    await ceremony.approveAll(await ceremony.propose(remove('tanaka')));
    await ceremony.attempt(remove('tanaka')).ended;
    await ceremony.approveAll(await ceremony.propose(remove('suzuki')));
    await expect(ceremony.attempt(remove('suzuki')).ended).rejects.toEqual(
      code('ERR_CEREMONY_OPERATORS'),
    );
  });
});
