import { randomUUID } from 'node:crypto'
import type { IPublishPacket } from 'mqtt-packet'
import { attacksOn, requestPayload, checkTarget, attackOutcome, type Attack } from '../test-bed/attack.js'
import { echoTopic, targetId } from '../test-bed/target.js'

const responseTopic = `response/${targetId}`

/** Forged responses, and requests under another requester's correlation. */
export const forgery: readonly Attack[] = attacksOn(
  'library',
  {
    name: '5 000 responses with guessed correlations while a request is pending',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      const response = testBed.sendRequest('slow')
      for (let guess = 0; guess < 5_000; guess++)
        attacker.publish({
          topic: responseTopic,
          payload: requestPayload('forged'),
          correlationData: randomUUID(),
        })
      const received = await response
      const targetFault = await checkTarget(testBed)
      const { unmatched } = await testBed.report()
      return attackOutcome(
        `the legitimate response arrived; ${unmatched} unmatched responses counted`,
        received !== 'slow!' && `the request ended with "${received}"`,
        targetFault,
      )
    },
  },
  {
    name: 'the response to an earlier request, sent again while another is pending',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      await attacker.subscribe(responseTopic)
      await testBed.sendRequest('old')
      const old = await attacker.waitFor<IPublishPacket>('a response', ({ cmd }) => cmd === 'publish')
      const response = testBed.sendRequest('slow')
      const token = old.properties?.correlationData ?? ''
      attacker.publish({ topic: responseTopic, payload: requestPayload('forged'), correlationData: token })
      const received = await response
      return attackOutcome(
        'unmatched: its exchange is settled',
        received !== 'slow!' && `the request ended with "${received}"`,
      )
    },
  },
  {
    name: 'responses without a correlation, with an empty one, with one that is not UTF-8',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      attacker.publish({ topic: responseTopic, payload: requestPayload('x') })
      attacker.publish({ topic: responseTopic, payload: requestPayload('x'), correlationData: '' })
      attacker.publish({
        topic: responseTopic,
        payload: requestPayload('x'),
        correlationData: Uint8Array.of(0xff, 0xc0),
      })
      attacker.publish({ topic: responseTopic, payload: Uint8Array.of(0xff, 0xc0), correlationData: 'x' })
      await attacker.flush()
      return attackOutcome('unmatched', await checkTarget(testBed))
    },
  },
  {
    name: 'two requesters with the same correlation and different Response Topics',
    run: async (testBed) => {
      const ann = await testBed.attacker()
      const bob = await testBed.attacker()
      await ann.subscribe('response/ann')
      await bob.subscribe('response/bob')
      ann.publish({
        topic: echoTopic,
        payload: requestPayload('ann'),
        responseTopic: 'response/ann',
        correlationData: 'same',
      })
      bob.publish({
        topic: echoTopic,
        payload: requestPayload('bob'),
        responseTopic: 'response/bob',
        correlationData: 'same',
      })
      await ann.waitFor('the response to ann', ({ cmd }) => cmd === 'publish')
      await bob.waitFor('the response to bob', ({ cmd }) => cmd === 'publish')
      const responses = [...ann.messages('response/ann'), ...bob.messages('response/bob')].join()
      const expected = [requestPayload('ann!'), requestPayload('bob!')].join()
      return attackOutcome('each got its own response', responses !== expected && `they got ${responses}`)
    },
  },
  {
    name: 'one request many times, and another payload with its correlation, to make its handler run twice or get its response',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      await attacker.subscribe('response/attacker')
      const before = (await testBed.report()).handled
      for (const text of ['once', 'once', 'once', 'another'])
        attacker.publish({
          topic: echoTopic,
          payload: requestPayload(text),
          responseTopic: 'response/attacker',
          correlationData: 'token',
        })
      const targetFault = await checkTarget(testBed)
      const handled = (await testBed.report()).handled - before - 1
      return attackOutcome(
        'the handler ran once for each payload',
        handled !== 2 && `the handler ran ${handled} times`,
        targetFault,
      )
    },
  },
)
