import { attacksOn, question, stillWorks, verdict, type Attack } from '../attack.js'
import type { Ground } from '../ground.js'
import { echoTopic, elsewhere, victimId } from '../victim.js'

const mebibyte = 2 ** 20

/** Payloads and properties that cost more than they should. */
export const payloads: readonly Attack[] = attacksOn(
  'library',
  {
    tried: 'JSON nested 200 000 deep, a number of 100 000 digits, half a text',
    run: (ground) =>
      bombard(ground, [
        '['.repeat(200_000) + ']'.repeat(200_000),
        `{"text": ${'9'.repeat(100_000)}}`,
        '{"text": "x',
      ]),
  },
  {
    tried: '__proto__ and constructor.prototype in JSON',
    run: async (ground) => {
      const held = await bombard(ground, [
        '{"text": "x", "__proto__": {"polluted": true}}',
        '{"text": "x", "constructor": {"prototype": {"polluted": true}}}',
        '{"__proto__": {"text": "x", "polluted": true}}',
      ])
      const { isPolluted } = await ground.report()
      return isPolluted ? verdict('', 'all objects of the process have a new property') : held
    },
  },
  {
    tried: 'payloads that are no JSON, no UTF-8, of another shape, empty',
    run: (ground) =>
      bombard(ground, [
        '',
        'null',
        '[]',
        '{"text": 1}',
        '"text"',
        Uint8Array.of(0xff, 0xfe),
        Uint8Array.of(0),
      ]),
  },
  {
    tried: '6 000 user properties, and names of the protocol among them',
    run: async (ground) => {
      const attacker = await ground.attacker()
      const many = Array.from({ length: 6_000 }, (_, index) => String(index))
      attacker.publish({
        topic: echoTopic,
        payload: question('x'),
        responseTopic: 'response/attacker',
        userProperties: { flood: many, __stat: ['x', '200', ''], __stream: ['-1:last'], __protVer: ['∞'] },
      })
      await attacker.settle()
      return verdict('answered with a status', await stillWorks(ground))
    },
  },
  {
    tried: 'Correlation Data of 65 535 bytes, all values among them',
    run: async (ground) => {
      const attacker = await ground.attacker()
      await attacker.subscribe('response/attacker')
      const correlationData = Uint8Array.from({ length: 65_535 }, (_, index) => index % 256)
      const responseTopic = 'response/attacker'
      attacker.publish({ topic: echoTopic, payload: question('x'), responseTopic, correlationData })
      const response = await attacker.until('a reply', ({ cmd }) => cmd === 'publish')
      const back = response.cmd === 'publish' ? response.properties?.correlationData : undefined
      const isSame = back !== undefined && Buffer.compare(back, correlationData) === 0
      return verdict('sent back byte for byte', !isSame && 'it came back changed')
    },
  },
  {
    tried: 'parts of payloads that announce gigabytes, negative counts, places beyond the end',
    run: async (ground) => {
      const before = (await ground.report()).memory
      const attacker = await ground.attacker()
      const lies = [
        '0:2:4294967295:00000000',
        '0:1000000000:5:00000000',
        '5:2:10',
        '-1:2:10',
        '0:0:0',
        '0:1e9:1e99',
        'x',
      ]
      for (let round = 0; round < 100; round++)
        for (const [index, lie] of lies.entries())
          attacker.publish({
            topic: echoTopic,
            payload: 'part',
            responseTopic: 'response/attacker',
            correlationData: `${round}/${index}`,
            userProperties: { __chunk: lie },
          })
      await attacker.settle()
      const broken = await stillWorks(ground)
      const grown = ((await ground.report()).memory - before) / mebibyte
      return verdict(
        `refused at once; memory grew by ${Math.max(0, grown).toFixed(1)} MiB`,
        grown > 16 && `memory grew by ${grown.toFixed(0)} MiB`,
        broken,
      )
    },
  },
  {
    tried: 'statuses that lie: no number, out of range, success with rubbish, a failure that hides',
    run: async (ground) => {
      const attacker = await ground.attacker()
      await attacker.subscribe(elsewhere)
      const lies = [
        { __stat: 'abc' },
        { __stat: '9e99' },
        { __stat: '-1' },
        { __stat: '200', __apErr: 'maybe' },
        { __stat: ['500', '200'] },
        { __stat: '299' },
      ]
      const endings: string[] = []
      for (const [index, userProperties] of lies.entries()) {
        const ending = ground.ask('x', elsewhere)
        await attacker.until('the question', () => attacker.messages(elsewhere).length > index)
        const correlationData = attacker.lastMessage?.properties?.correlationData
        attacker.publish({
          topic: `response/${victimId}`,
          payload: 'rubbish',
          ...(correlationData !== undefined && { correlationData }),
          userProperties,
        })
        endings.push(await ending)
      }
      const believed = endings.filter((ending) => ending === 'rubbish' || ending === 'undefined')
      return verdict(
        `each ended with a typed error: ${[...new Set(endings)].join(', ')}`,
        believed.length > 0 && 'rubbish was taken for an answer',
        await stillWorks(ground),
      )
    },
  },
)

/** Sends payloads as requests; holds when the victim goes on. */
async function bombard(ground: Ground, texts: readonly (string | Uint8Array)[]): ReturnType<Attack['run']> {
  const attacker = await ground.attacker()
  await attacker.subscribe('response/attacker')
  for (const [index, payload] of texts.entries())
    attacker.publish({
      topic: echoTopic,
      payload,
      responseTopic: 'response/attacker',
      correlationData: `${index}`,
    })
  await attacker.settle()
  return verdict('answered with status 400, and the next is served', await stillWorks(ground))
}
