import cancel from './programs/cancel.js?raw'
import credit from './programs/credit.js?raw'
import gather from './programs/gather.js?raw'
import hello from './programs/hello.js?raw'
import reconnect from './programs/reconnect.js?raw'
import retry from './programs/retry.js?raw'
import type { SharedProgram } from './shared-program.js'

/** A program of the menu. */
export interface ReadyProgram extends SharedProgram {
  /** Its name in the URL. */
  readonly name: string
  readonly title: string
  /** What to look at, and what to try. */
  readonly about: string
}

/** The programs of the menu, in their order. */
export const readyPrograms: readonly ReadyProgram[] = [
  {
    name: 'hello',
    title: 'Two requests',
    about: 'A display sends two requests, and a thermometer responds. Set timeout to 40: they fail.',
    source: hello.trimEnd(),
    latency: 5,
    faults: [],
  },
  {
    name: 'retry',
    title: 'Retry after a lost response',
    about:
      'The first response is lost. The display sends its request again, and the thermometer sends the same response without another measurement.',
    source: retry.trimEnd(),
    latency: 5,
    faults: [{ kind: 'lose-to', at: 0, client: 'display', by: 0 }],
  },
  {
    name: 'reconnect',
    title: 'Reconnect before the response',
    about:
      'The display loses its connection while the thermometer measures. The response waits in the session at the broker, and arrives after the reconnect.',
    source: reconnect.trimEnd(),
    latency: 5,
    faults: [{ kind: 'cut', at: 60, client: 'display', by: 100 }],
  },
  {
    name: 'credit',
    title: 'Stream with credit',
    about:
      'The display shows a reading in 50 ms. With a credit of 2, the thermometer measures only as fast as they are shown. Set credit to 6.',
    source: credit.trimEnd(),
    latency: 5,
    faults: [],
  },
  {
    name: 'cancel',
    title: 'Cancel by switchMap',
    about:
      'A user types faster than the catalogue searches. Each letter cancels the request before it, and its handler stops.',
    source: cancel.trimEnd(),
    latency: 5,
    faults: [],
  },
  {
    name: 'gather',
    title: 'Gather from three cars',
    about:
      'One request goes to three cars. The message to car2 is lost, and the hub finds out which car is missing.',
    source: gather.trimEnd(),
    latency: 5,
    faults: [{ kind: 'lose-to', at: 0, client: 'car2', by: 0 }],
  },
]
