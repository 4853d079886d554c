import { map, mergeMap, Subscription } from 'rxjs'
import { AntiphonError } from '../../src/errors.js'
import type { Delivery } from '../../src/link/link.js'
import type { Message, QoS } from '../../src/message.js'
import type { Life, Manner, Step } from './life.js'
import { linkSetting, type LinkSetting } from './link-setting.js'
import { bytes, textOf } from './messages.js'

/** Somebody who listens, or did. */
export interface Listener {
  readonly filter: string
  readonly heard: { readonly topic: string; readonly text: string }[]
  readonly endings: string[]
  readonly leave: () => void
}

/** A message somebody published, and what came of it. */
export interface Attempt {
  readonly text: string
  readonly qos: QoS
  readonly outcomes: string[]
}

/** A link in the middle of its life, and what became of all who had to do with it. */
export interface LivingLink extends Pick<
  LinkSetting,
  'link' | 'broker' | 'advance' | 'timers' | 'incidents'
> {
  /** Takes every step. */
  readonly live: () => void
  /** Takes back every refusal, brings the broker up, and has everybody listen plainly. */
  readonly makePeace: () => void
  readonly arrive: (topic: string, text: string) => void
  readonly everybody: readonly Listener[]
  /** Who has not left and was not turned away. */
  readonly present: () => readonly Listener[]
  readonly publishes: readonly Attempt[]
  readonly taken: readonly { readonly text: string; readonly qos: QoS }[]
  readonly hasHoarded: () => boolean
}

export function livingLink({ filters, steps, broker: options }: Life): LivingLink {
  const { link, broker, advance, timers, incidents } = linkSetting(options)
  const everybody: Listener[] = []
  const left = new Set<Listener>()
  const undo: (() => void)[] = []
  const publishes: Attempt[] = []
  const taken: { readonly text: string; readonly qos: QoS }[] = []
  const hoard: Delivery[] = []
  let hasHoarded = false
  let isPeace = false
  let arrived = 0
  broker.published$.subscribe(({ message, clientId }) => {
    if (clientId === 'me') taken.push({ text: textOf(message), qos: message.qos ?? 1 })
  })

  const present = (): readonly Listener[] => everybody.filter((one) => !left.has(one))
  const isServed = ({ endings }: Listener): boolean => endings.every((outcome) => outcome === 'complete')

  const hoarded = (delivery: Delivery): Message => {
    if (isPeace) delivery.acknowledge()
    else hoard.push(delivery)
    hasHoarded ||= !isPeace
    return delivery.message
  }
  const listen = (filter: string, manner: Manner, qos: QoS): void => {
    const teardown = new Subscription()
    const heard: Listener['heard'] = []
    const endings: string[] = []
    const leave = (): void => {
      left.add(listener)
      teardown.unsubscribe()
    }
    const listener: Listener = { filter, heard, endings, leave }
    everybody.push(listener)
    const next = (message: Message): void => {
      heard.push({ topic: message.topic, text: textOf(message) })
      if (heard.length > 1 || isPeace) return
      if (manner === 'leaves') leave()
      else if (manner === 'answers' && message.topic !== 'd') publish('d', 1)
      else if (manner === 'invites') listen(filterOf(filters.indexOf(filter) + 1), 'listens', 1)
    }
    const deliveries$ = link.subscription$(filter, { qos }).pipe(mergeMap((window) => window.deliveries$))
    const messages$ = manner === 'hoards' ? deliveries$.pipe(map(hoarded)) : link.messages$(filter, { qos })
    teardown.add(
      messages$.subscribe({
        next,
        error: (error: unknown) => endings.push(String(error)),
        complete: () => endings.push('complete'),
      }),
    )
  }

  const publish = (topic: string, qos: QoS, expiry?: number): void => {
    const text = `${publishes.length}`
    const outcomes: string[] = []
    publishes.push({ text, qos, outcomes })
    const message = { topic, payload: bytes(text), qos }
    link.publish$(expiry === undefined ? message : { ...message, messageExpiryInterval: expiry }).subscribe({
      error: (error: unknown) => outcomes.push(AntiphonError.from(error).code),
      complete: () => outcomes.push('complete'),
    })
  }
  const arrive = (topic: string, text: string, qos: QoS = 1, retain = false): void =>
    void broker.publish({ topic, payload: bytes(text), qos, retain })
  const relent = (): void => {
    for (const one of undo.splice(0)) one()
  }

  const filterOf = (which: number): string => filters[which % filters.length] ?? ''
  const perform = (step: Step): void => {
    switch (step.do) {
      case 'listen':
        return listen(filterOf(step.filter), step.manner, step.wants)
      case 'leave':
        return present().at(step.which)?.leave()
      case 'leave all':
        for (const one of present()) if (one.filter === filterOf(step.filter)) one.leave()
        return
      case 'acknowledge':
        return hoard.splice(step.which, 1)[0]?.acknowledge()
      case 'publish':
        return publish(step.topic, step.qos, step.expiry)
      case 'arrive':
        return arrive(step.topic, `from outside ${arrived++}`, step.qos, step.retain)
      case 'disconnect': {
        const { session, reasonCode } = step
        return broker.disconnect('me', reasonCode === undefined ? { session } : { session, reasonCode })
      }
      case 'go down':
        return broker.down({ sessions: step.session })
      case 'come up':
        return broker.up()
      case 'refuse to subscribe':
        return void undo.push(broker.refuseSubscribe(filterOf(step.filter), 0x87))
      case 'refuse to take':
        return void undo.push(broker.refusePublish(step.topic, 0x97))
      case 'refuse to connect':
        return void undo.push(broker.refuseConnect(0x88))
      case 'relent':
        return relent()
    }
  }

  return {
    link,
    broker,
    advance,
    timers,
    incidents,
    live: () => {
      for (const [step, pause] of steps) {
        perform(step)
        advance(pause)
      }
    },
    makePeace: () => {
      relent()
      broker.up()
      isPeace = true
    },
    arrive,
    everybody,
    present: () => present().filter(isServed),
    publishes,
    taken,
    hasHoarded: () => hasHoarded,
  }
}
