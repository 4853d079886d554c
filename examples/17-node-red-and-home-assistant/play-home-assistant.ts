/** Plays `home-assistant.yaml` as Home Assistant does: its switch, its sensor and its script, as a plain MQTT 3.1.1 client. */
import { connect } from '@antiphon/mqtt'
import { readFileSync } from 'node:fs'
import { filter, firstValueFrom, map, shareReplay, type Observable } from 'rxjs'
import { parse } from 'yaml'

/** The parts of the file that are used here. */
export interface Configuration {
  readonly mqtt: readonly [
    { readonly switch: Readonly<Record<string, unknown>> },
    { readonly sensor: Readonly<Record<string, unknown>> },
  ]
  readonly script: Readonly<
    Record<string, { readonly sequence: readonly Readonly<Record<string, unknown>>[] }>
  >
}

/** The contents of `home-assistant.yaml`. */
export const configuration = parse(
  readFileSync(new URL('home-assistant.yaml', import.meta.url), 'utf8'),
) as Configuration

/** A part of Home Assistant. */
export interface HomeAssistant {
  /** The state that the switch shows. */
  readonly lamp$: Observable<string>
  /** Presses the switch. */
  readonly switchLamp: (isOn: boolean) => Promise<void>
  /** Runs the script, and resolves with the response that its sensor shows. */
  readonly confirmLampOn: () => Promise<unknown>
  readonly close: () => Promise<void>
}

const [{ switch: lamp }, { sensor }] = configuration.mqtt

/** Connects to a broker and subscribes as the entities do. */
export async function playHomeAssistant(url: string): Promise<HomeAssistant> {
  const link = connect(url, { clientId: 'home-assistant', protocolVersion: 4 })
  const textsOf = async (topic: string): Promise<Observable<string>> => {
    const text$ = link.messages$(topic).pipe(
      map(({ payload }) => new TextDecoder().decode(payload)),
      shareReplay({ bufferSize: 1, refCount: false }),
    )
    text$.subscribe()
    await firstValueFrom(link.subscription$(topic))
    return text$
  }
  const publish = async (topic: string, text: string): Promise<void> => {
    await firstValueFrom(link.publish$({ topic, payload: new TextEncoder().encode(text) }))
  }
  const lamp$ = await textsOf(String(lamp['state_topic']))
  const response$ = (await textsOf(String(sensor['state_topic']))).pipe(
    map((text) => JSON.parse(text) as { readonly id?: string }),
  )
  let requests = 0
  return {
    lamp$,
    switchLamp: (isOn) =>
      publish(String(lamp['command_topic']), String(lamp[isOn ? 'payload_on' : 'payload_off'])),
    confirmLampOn: async () => {
      const action = configuration.script['confirm_lamp_on']?.sequence.find((step) => 'action' in step)
      const { topic, payload } = action?.['data'] as Readonly<Record<'topic' | 'payload', string>>
      const id = `lamp-${++requests}`
      await publish(topic, payload.replace('{{ request }}', id))
      // As the script: it waits for the state of the sensor, which may have arrived before.
      return firstValueFrom(response$.pipe(filter((response) => response.id === id)))
    },
    close: link.close,
  }
}
