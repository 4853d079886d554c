import { attacksOn, requestPayload, checkTarget, attackOutcome, type Attack } from '../test-bed/attack.js'
import type { TestBed } from '../test-bed/test-bed.js'
import { echoTopic, attackerTopic, targetId } from '../test-bed/target.js'

const mebibyte = 2 ** 20

/** Malformed payloads and expensive properties. */
export const payloads: readonly Attack[] = attacksOn(
  'library',
  {
    name: 'JSON nested 200 000 levels deep, a number of 100 000 digits, an unterminated string',
    run: (testBed) =>
      sendPayloads(testBed, [
        '['.repeat(200_000) + ']'.repeat(200_000),
        `{"text": ${'9'.repeat(100_000)}}`,
        '{"text": "x',
      ]),
  },
  {
    name: '__proto__ and constructor.prototype in JSON',
    run: async (testBed) => {
      const outcome = await sendPayloads(testBed, [
        '{"text": "x", "__proto__": {"polluted": true}}',
        '{"text": "x", "constructor": {"prototype": {"polluted": true}}}',
        '{"__proto__": {"text": "x", "polluted": true}}',
      ])
      const { isPolluted } = await testBed.report()
      return isPolluted ? attackOutcome('', 'all objects of the process have a new property') : outcome
    },
  },
  {
    name: 'payloads that are not JSON, not UTF-8, of another shape, or empty',
    run: (testBed) =>
      sendPayloads(testBed, [
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
    name: '6 000 user properties, some with reserved names',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      const many = Array.from({ length: 6_000 }, (_, index) => String(index))
      attacker.publish({
        topic: echoTopic,
        payload: requestPayload('x'),
        responseTopic: 'response/attacker',
        userProperties: { flood: many, __stat: ['x', '200', ''], __stream: ['-1:last'], __protVer: ['∞'] },
      })
      await attacker.flush()
      return attackOutcome('answered with a status', await checkTarget(testBed))
    },
  },
  {
    name: 'Correlation Data of 65 535 bytes with all byte values',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      await attacker.subscribe('response/attacker')
      const correlationData = Uint8Array.from({ length: 65_535 }, (_, index) => index % 256)
      const responseTopic = 'response/attacker'
      attacker.publish({ topic: echoTopic, payload: requestPayload('x'), responseTopic, correlationData })
      const response = await attacker.waitFor('a response', ({ cmd }) => cmd === 'publish')
      const back = response.cmd === 'publish' ? response.properties?.correlationData : undefined
      const isSame = back !== undefined && Buffer.compare(back, correlationData) === 0
      return attackOutcome('returned byte for byte', !isSame && 'it was changed')
    },
  },
  {
    name: 'chunk headers that announce gigabytes, negative counts and positions beyond the end',
    run: async (testBed) => {
      const before = (await testBed.report()).memory
      const attacker = await testBed.attacker()
      const headers = [
        '0:2:4294967295:00000000',
        '0:1000000000:5:00000000',
        '5:2:10',
        '-1:2:10',
        '0:0:0',
        '0:1e9:1e99',
        'x',
      ]
      for (let round = 0; round < 100; round++)
        for (const [index, header] of headers.entries())
          attacker.publish({
            topic: echoTopic,
            payload: 'part',
            responseTopic: 'response/attacker',
            correlationData: `${round}/${index}`,
            userProperties: { __chunk: header },
          })
      await attacker.flush()
      const targetFault = await checkTarget(testBed)
      const grown = ((await testBed.report()).memory - before) / mebibyte
      return attackOutcome(
        `rejected at once; memory grew by ${Math.max(0, grown).toFixed(1)} MiB`,
        grown > 16 && `memory grew by ${grown.toFixed(0)} MiB`,
        targetFault,
      )
    },
  },
  {
    name: 'invalid statuses: not a number, out of range, success with a malformed payload, an error status with success',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      await attacker.subscribe(attackerTopic)
      const headers = [
        { __stat: 'abc' },
        { __stat: '9e99' },
        { __stat: '-1' },
        { __stat: '200', __apErr: 'maybe' },
        { __stat: ['500', '200'] },
        { __stat: '299' },
      ]
      const outcomes: string[] = []
      for (const [index, userProperties] of headers.entries()) {
        const outcome = testBed.sendRequest('x', attackerTopic)
        await attacker.waitFor('the request', () => attacker.messages(attackerTopic).length > index)
        const correlationData = attacker.lastMessage?.properties?.correlationData
        attacker.publish({
          topic: `response/${targetId}`,
          payload: 'malformed',
          ...(correlationData !== undefined && { correlationData }),
          userProperties,
        })
        outcomes.push(await outcome)
      }
      const accepted = outcomes.filter((outcome) => outcome === 'malformed' || outcome === 'undefined')
      return attackOutcome(
        `each ended with a typed error: ${[...new Set(outcomes)].join(', ')}`,
        accepted.length > 0 && 'a malformed payload was accepted as a response',
        await checkTarget(testBed),
      )
    },
  },
)

/** Sends payloads as requests; the target must keep serving. */
async function sendPayloads(
  testBed: TestBed,
  texts: readonly (string | Uint8Array)[],
): ReturnType<Attack['run']> {
  const attacker = await testBed.attacker()
  await attacker.subscribe('response/attacker')
  for (const [index, payload] of texts.entries())
    attacker.publish({
      topic: echoTopic,
      payload,
      responseTopic: 'response/attacker',
      correlationData: `${index}`,
    })
  await attacker.flush()
  return attackOutcome('answered with status 400; the next request is served', await checkTarget(testBed))
}
