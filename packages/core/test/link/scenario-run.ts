import { map, mergeMap, Subscription } from 'rxjs'
import { AntiphonError } from '../../src/errors.js'
import type { Delivery } from '../../src/link/link.js'
import type { Message, QoS } from '../../src/message.js'
import type { LinkScenario, SubscriberBehaviour, Step } from './link-scenario.js'
import { linkSetting, type LinkSetting } from './link-setting.js'
import { bytes, textOf } from './messages.js'

/** Somebody who listens, or did. */
export interface ScenarioSubscriber {
  readonly filter: string
  readonly received: { readonly topic: string; readonly text: string }[]
  readonly endings: string[]
  readonly unsubscribe: () => void
}

/** A message somebody published, and what came of it. */
export interface PublishAttempt {
  readonly text: string
  readonly qos: QoS
  readonly outcomes: string[]
}

/** A link in the middle of its life, and what became of all who had to do with it. */
export interface ScenarioRun extends Pick<
  LinkSetting,
  'link' | 'broker' | 'advance' | 'timers' | 'incidents'
> {
  /** Takes every step. */
  readonly runSteps: () => void
  /** Takes back every refusal, brings the broker up, and has everybody listen plainly. */
  readonly endDisturbances: () => void
  readonly arrive: (topic: string, text: string) => void
  readonly subscribers: readonly ScenarioSubscriber[]
  /** Who has not left and was not turned away. */
  readonly activeSubscribers: () => readonly ScenarioSubscriber[]
  readonly publishes: readonly PublishAttempt[]
  readonly published: readonly { readonly text: string; readonly qos: QoS }[]
  readonly hasWithheldAcknowledgement: () => boolean
}

export function scenarioRun({ filters, steps, broker: options }: LinkScenario): ScenarioRun {
  const { link, broker, advance, timers, incidents } = linkSetting(options)
  const subscribers: ScenarioSubscriber[] = []
  const left = new Set<ScenarioSubscriber>()
  const undo: (() => void)[] = []
  const publishes: PublishAttempt[] = []
  const published: { readonly text: string; readonly qos: QoS }[] = []
  const hoard: Delivery[] = []
  let hasHoarded = false
  let isPeace = false
  let arrived = 0
  broker.published$.subscribe(({ message, clientId }) => {
    if (clientId === 'me') published.push({ text: textOf(message), qos: message.qos ?? 1 })
  })

  const present = (): readonly ScenarioSubscriber[] => subscribers.filter((one) => !left.has(one))
  const isServed = ({ endings }: ScenarioSubscriber): boolean =>
    endings.every((outcome) => outcome === 'complete')

  const hoarded = (delivery: Delivery): Message => {
    if (isPeace) delivery.acknowledge()
    else hoard.push(delivery)
    hasHoarded ||= !isPeace
    return delivery.message
  }
  const listen = (filter: string, behaviour: SubscriberBehaviour, qos: QoS): void => {
    const teardown = new Subscription()
    const received: ScenarioSubscriber['received'] = []
    const endings: string[] = []
    const leave = (): void => {
      left.add(listener)
      teardown.unsubscribe()
    }
    const listener: ScenarioSubscriber = { filter, received, endings, unsubscribe: leave }
    subscribers.push(listener)
    const next = (message: Message): void => {
      received.push({ topic: message.topic, text: textOf(message) })
      if (received.length > 1 || isPeace) return
      if (behaviour === 'leaves') leave()
      else if (behaviour === 'answers' && message.topic !== 'd') publish('d', 1)
      else if (behaviour === 'invites') listen(filterOf(filters.indexOf(filter) + 1), 'listens', 1)
    }
    const deliveries$ = link.subscription$(filter, { qos }).pipe(mergeMap((window) => window.deliveries$))
    const messages$ =
      behaviour === 'hoards' ? deliveries$.pipe(map(hoarded)) : link.messages$(filter, { qos })
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
        return present().at(step.which)?.unsubscribe()
      case 'leave all':
        for (const one of present()) if (one.filter === filterOf(step.filter)) one.unsubscribe()
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
    runSteps: () => {
      for (const [step, pause] of steps) {
        perform(step)
        advance(pause)
      }
    },
    endDisturbances: () => {
      relent()
      broker.up()
      isPeace = true
    },
    arrive,
    subscribers,
    activeSubscribers: () => present().filter(isServed),
    publishes,
    published,
    hasWithheldAcknowledgement: () => hasHoarded,
  }
}
