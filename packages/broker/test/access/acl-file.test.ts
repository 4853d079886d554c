import { describe, expect, it } from 'vitest'
import { parseAcl } from '../../src/access/acl-file.js'
import type { AccessRights } from '../../src/access/access-rules.js'

const rightsIn = (text: string, user?: string, clientId = 'c1'): AccessRights => {
  const { value, faults } = parseAcl(text)
  expect(faults).toEqual([])
  return value.rightsOf({ user, clientId })
}

const sample = `
# Clients without user
topic read public/#

user ann lee
topic home/#
topic write log/ann
user  bob
topic read home/+/temperature
topic subscribe home/#
pattern readwrite device/%c/#
pattern write user/%u/in-%c
topic readonly
`

describe('parseAcl', () => {
  it('gives users what their topic lines say, and denies anything else', () => {
    const ann = rightsIn(sample, 'ann lee')
    expect([ann.mayPublish('home/1/lamp'), ann.mayReceive('home'), ann.maySubscribe('home/+')]).toEqual([
      true,
      true,
      true,
    ])
    expect([ann.mayPublish('log/ann'), ann.mayReceive('log/ann'), ann.maySubscribe('log/ann')]).toEqual([
      true,
      false,
      false,
    ])
    expect([ann.mayPublish('other'), ann.mayReceive('public/1'), ann.maySubscribe('#')]).toEqual([
      false,
      false,
      false,
    ])
  })

  it('gives clients without user the lines before the first user', () => {
    const anonymous = rightsIn(sample)
    expect([anonymous.mayReceive('public/1'), anonymous.maySubscribe('public/#')]).toEqual([true, true])
    expect([anonymous.mayPublish('public/1'), anonymous.mayReceive('home/1')]).toEqual([false, false])
  })

  it('lets subscribe lines subscribe to more topics than read lines deliver', () => {
    const bob = rightsIn(sample, 'bob')
    expect([
      bob.maySubscribe('home/#'),
      bob.maySubscribe('home/1/temperature'),
      bob.maySubscribe('#'),
    ]).toEqual([true, true, false])
    expect([bob.mayReceive('home/1/temperature'), bob.mayReceive('home/1/lamp')]).toEqual([true, false])
  })

  it('gives every client its patterns, and a topic line without access both', () => {
    const bob = rightsIn(sample, 'bob', 'c2')
    expect([
      bob.mayPublish('device/c2/x'),
      bob.mayPublish('device/c1/x'),
      bob.mayPublish('user/bob/in-c2'),
    ]).toEqual([true, false, true])
    expect(bob.mayPublish('readonly')).toBe(true)
    const anonymous = rightsIn(sample, undefined, 'c2')
    expect([anonymous.mayPublish('device/c2/x'), anonymous.mayPublish('user//in-c2')]).toEqual([true, false])
  })

  it.each(['+', '#', 'a/b', 'a#', ''])(
    'gives no pattern to a client whose identifier %j would be more than one level',
    (name) => {
      const rights = rightsIn('pattern device/%c/state\npattern device/%c', 'u', name)
      expect([
        rights.mayPublish('device/x/state'),
        rights.mayPublish(`device/${name}`),
        rights.maySubscribe(`device/${name}/state`),
      ]).toEqual([false, false, false])
    },
  )

  it('checks the filter of a shared subscription without its group', () => {
    const rights = rightsIn('topic read jobs/#')
    expect([rights.maySubscribe('$share/g/jobs/+'), rights.maySubscribe('$share/jobs/#')]).toEqual([
      true,
      false,
    ])
  })

  it('gives $SYS only to lines that name it', () => {
    expect(rightsIn('topic read #').maySubscribe('$SYS/#')).toBe(false)
    expect(rightsIn('topic read #').mayReceive('$SYS/broker/uptime')).toBe(false)
    expect(rightsIn('topic read $SYS/#').maySubscribe('$SYS/broker/+')).toBe(true)
  })

  it('names the line of each fault', () => {
    const text = [
      'tpic a',
      'allow a',
      'user',
      'topic',
      'topic read a/#/b',
      'topic a/%u',
      'topic deny a',
      'pattern $share/g/%c',
      'topic read',
    ].join('\n')
    const { faults } = parseAcl(text)
    expect(faults).toEqual([
      { line: 1, text: "'tpic' is not known: did you mean topic?" },
      { line: 2, text: "'allow' is not known: use user, topic, pattern" },
      { line: 3, text: "'user' is alone: write user <name>" },
      { line: 4, text: "'topic' is alone: write topic [access] <filter>" },
      { line: 5, text: expect.stringContaining("the filter is 'a/#/b': ") as string },
      {
        line: 6,
        text: "the filter is 'a/%u': only a pattern line replaces %u and %c; write pattern in place of topic",
      },
      { line: 7, text: "'deny' is not supported: what no line allows is denied; leave the line out" },
      {
        line: 8,
        text: "the filter is '$share/g/%c': leave out $share/<group>/; a rule is about shared subscriptions too",
      },
    ])
  })
})
