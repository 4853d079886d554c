import { map, mergeMap, Subscription } from 'rxjs'
import { AntiphonError } from '../../src/errors.js'
import type { Delivery } from '../../src/link/link.js'
import type { Message, QoS } from '../../src/message.js'
import type { LinkScenario, SubscriberBehaviour, Step } from './link-scenario.js'
import { linkSetting, type LinkSetting } from './link-setting.js'
import { bytes, textOf } from './messages.js'

/** A subscriber of the scenario, active or not. */
export interface ScenarioSubscriber {
  readonly filter: string
  readonly received: { readonly topic: string; readonly text: string }[]
  readonly endings: string[]
  readonly unsubscribe: () => void
}

/** A message that the scenario published, and its results. */
export interface PublishAttempt {
  readonly text: string
  readonly qos: QoS
  readonly results: string[]
}

/** A link that runs a scenario, and what its subscribers and publishers received. */
export interface ScenarioRun extends Pick<
  LinkSetting,
  'link' | 'broker' | 'advance' | 'timers' | 'incidents'
> {
  /** Runs all steps. */
  readonly runSteps: () => void
  /** Removes all refusals and starts the broker; from now on every subscriber acknowledges. */
  readonly endDisturbances: () => void
  readonly arrive: (topic: string, text: string) => void
  readonly subscribers: readonly ScenarioSubscriber[]
  /** The subscribers that have not unsubscribed and received no error. */
  readonly activeSubscribers: () => readonly ScenarioSubscriber[]
  readonly publishes: readonly PublishAttempt[]
  readonly published: readonly { readonly text: string; readonly qos: QoS }[]
  readonly hasWithheldAcknowledgement: () => boolean
}

export function scenarioRun({ filters, steps, broker: options }: LinkScenario): ScenarioRun {
  const { link, broker, advance, timers, incidents } = linkSetting(options)
  const subscribers: ScenarioSubscriber[] = []
  const unsubscribed = new Set<ScenarioSubscriber>()
  const refusals: (() => void)[] = []
  const publishes: PublishAttempt[] = []
  const published: { readonly text: string; readonly qos: QoS }[] = []
  const withheld: Delivery[] = []
  let hasWithheld = false
  let isUndisturbed = false
  let arrived = 0
  broker.published$.subscribe(({ message, clientId }) => {
    if (clientId === 'me') published.push({ text: textOf(message), qos: message.qos ?? 1 })
  })

  const current = (): readonly ScenarioSubscriber[] =>
    subscribers.filter((subscriber) => !unsubscribed.has(subscriber))
  const hasNoError = ({ endings }: ScenarioSubscriber): boolean => endings.every((end) => end === 'complete')

  const withhold = (delivery: Delivery): Message => {
    if (isUndisturbed) delivery.acknowledge()
    else withheld.push(delivery)
    hasWithheld ||= !isUndisturbed
    return delivery.message
  }
  const subscribe = (filter: string, behaviour: SubscriberBehaviour, qos: QoS): void => {
    const teardown = new Subscription()
    const received: ScenarioSubscriber['received'] = []
    const endings: string[] = []
    const unsubscribe = (): void => {
      unsubscribed.add(subscriber)
      teardown.unsubscribe()
    }
    const subscriber: ScenarioSubscriber = { filter, received, endings, unsubscribe }
    subscribers.push(subscriber)
    const next = (message: Message): void => {
      received.push({ topic: message.topic, text: textOf(message) })
      if (received.length > 1 || isUndisturbed) return
      if (behaviour === 'unsubscribes') unsubscribe()
      else if (behaviour === 'publishes' && message.topic !== 'd') publish('d', 1)
      else if (behaviour === 'subscribes') subscribe(filterOf(filters.indexOf(filter) + 1), 'keeps', 1)
    }
    const deliveries$ = link.subscription$(filter, { qos }).pipe(mergeMap((window) => window.deliveries$))
    const messages$ =
      behaviour === 'withholds' ? deliveries$.pipe(map(withhold)) : link.messages$(filter, { qos })
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
    const results: string[] = []
    publishes.push({ text, qos, results })
    const message = { topic, payload: bytes(text), qos }
    link.publish$(expiry === undefined ? message : { ...message, messageExpiryInterval: expiry }).subscribe({
      error: (error: unknown) => results.push(AntiphonError.from(error).code),
      complete: () => results.push('complete'),
    })
  }
  const arrive = (topic: string, text: string, qos: QoS = 1, retain = false): void =>
    void broker.publish({ topic, payload: bytes(text), qos, retain })
  const acceptAgain = (): void => {
    for (const accept of refusals.splice(0)) accept()
  }

  const filterOf = (which: number): string => filters[which % filters.length] ?? ''
  const perform = (step: Step): void => {
    switch (step.do) {
      case 'subscribe':
        return subscribe(filterOf(step.filter), step.behaviour, step.maximumQoS)
      case 'unsubscribe':
        return current().at(step.which)?.unsubscribe()
      case 'unsubscribe all':
        for (const subscriber of current())
          if (subscriber.filter === filterOf(step.filter)) subscriber.unsubscribe()
        return
      case 'acknowledge':
        return withheld.splice(step.which, 1)[0]?.acknowledge()
      case 'publish':
        return publish(step.topic, step.qos, step.expiry)
      case 'arrive':
        return arrive(step.topic, `other client ${arrived++}`, step.qos, step.retain)
      case 'disconnect': {
        const { session, reasonCode } = step
        return broker.disconnect('me', reasonCode === undefined ? { session } : { session, reasonCode })
      }
      case 'stop broker':
        return broker.down({ sessions: step.session })
      case 'start broker':
        return broker.up()
      case 'refuse subscribe':
        return void refusals.push(broker.refuseSubscribe(filterOf(step.filter), 0x87))
      case 'refuse publish':
        return void refusals.push(broker.refusePublish(step.topic, 0x97))
      case 'refuse connect':
        return void refusals.push(broker.refuseConnect(0x88))
      case 'accept again':
        return acceptAgain()
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
      acceptAgain()
      broker.up()
      isUndisturbed = true
    },
    arrive,
    subscribers,
    activeSubscribers: () => current().filter(hasNoError),
    publishes,
    published,
    hasWithheldAcknowledgement: () => hasWithheld,
  }
}
