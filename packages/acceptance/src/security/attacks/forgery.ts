import { randomUUID } from 'node:crypto'
import type { IPublishPacket } from 'mqtt-packet'
import { attacksOn, question, stillWorks, verdict, type Attack } from '../attack.js'
import { echoTopic, victimId } from '../victim.js'

const inbox = `response/${victimId}`

/** Answering what one was not asked, and asking under another's token. */
export const forgery: readonly Attack[] = attacksOn(
  'library',
  {
    tried: '5 000 replies with guessed correlations while a question is open',
    run: async (ground) => {
      const attacker = await ground.attacker()
      const response = ground.ask('slow')
      for (let guess = 0; guess < 5_000; guess++)
        attacker.publish({ topic: inbox, payload: question('forged'), correlationData: randomUUID() })
      const got = await response
      const broken = await stillWorks(ground)
      const { strays: unmatched } = await ground.report()
      return verdict(
        `the honest answer arrived; ${unmatched} strays counted`,
        got !== 'slow!' && `the question ended with "${got}"`,
        broken,
      )
    },
  },
  {
    tried: 'the reply to a question of before, sent again while another is open',
    run: async (ground) => {
      const attacker = await ground.attacker()
      await attacker.subscribe(inbox)
      await ground.ask('old')
      const old = await attacker.until<IPublishPacket>('a reply', ({ cmd }) => cmd === 'publish')
      const response = ground.ask('slow')
      const token = old.properties?.correlationData ?? ''
      attacker.publish({ topic: inbox, payload: question('forged'), correlationData: token })
      const got = await response
      return verdict('a stray: its exchange is over', got !== 'slow!' && `the question ended with "${got}"`)
    },
  },
  {
    tried: 'replies without correlation, with an empty one, with one that is no UTF-8',
    run: async (ground) => {
      const attacker = await ground.attacker()
      attacker.publish({ topic: inbox, payload: question('x') })
      attacker.publish({ topic: inbox, payload: question('x'), correlationData: '' })
      attacker.publish({ topic: inbox, payload: question('x'), correlationData: Uint8Array.of(0xff, 0xc0) })
      attacker.publish({ topic: inbox, payload: Uint8Array.of(0xff, 0xc0), correlationData: 'x' })
      await attacker.settle()
      return verdict('strays', await stillWorks(ground))
    },
  },
  {
    tried: 'two askers with the same correlation under different Response Topics',
    run: async (ground) => {
      const ann = await ground.attacker()
      const bob = await ground.attacker()
      await ann.subscribe('response/ann')
      await bob.subscribe('response/bob')
      ann.publish({
        topic: echoTopic,
        payload: question('ann'),
        responseTopic: 'response/ann',
        correlationData: 'same',
      })
      bob.publish({
        topic: echoTopic,
        payload: question('bob'),
        responseTopic: 'response/bob',
        correlationData: 'same',
      })
      await ann.until('ann’s reply', ({ cmd }) => cmd === 'publish')
      await bob.until('bob’s reply', ({ cmd }) => cmd === 'publish')
      const got = [...ann.messages('response/ann'), ...bob.messages('response/bob')].join()
      const wanted = [question('ann!'), question('bob!')].join()
      return verdict('each got its own answer', got !== wanted && `they got ${got}`)
    },
  },
  {
    tried: 'the same Response Topic and correlation with another payload, to make the handler run twice',
    run: async (ground) => {
      const attacker = await ground.attacker()
      await attacker.subscribe('response/attacker')
      const before = (await ground.report()).handled
      for (const text of ['once', 'twice'])
        attacker.publish({
          topic: echoTopic,
          payload: question(text),
          responseTopic: 'response/attacker',
          correlationData: 'token',
        })
      const broken = await stillWorks(ground)
      const handled = (await ground.report()).handled - before - 1
      return verdict(
        'a repetition: the first answer again',
        handled !== 1 && `it ran ${handled} times`,
        broken,
      )
    },
  },
)
