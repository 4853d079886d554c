import { requests$, serve } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { firstValueFrom, NEVER, of, Subject, type Observable } from 'rxjs'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'
import { reading, readings, silence } from '../contract.js'
import { takeSample } from '../sample.js'

/** The role of a requester or responder in the soak. */
export interface SoakPeerRole {
  readonly port: number
  readonly samples: string
  /** Milliseconds between two samples. */
  readonly every: number
  /** Requests a second; the responder takes what comes. */
  readonly rate: number
}

const { port, samples, every } = readRole<SoakPeerRole>()
const link = connect(`mqtt://127.0.0.1:${port}`, { clientId: 'responder' })
const drain$ = new Subject<void>()
const itemsInAStream = 20
let served = 0
const count = (): void => void (served += 1)
const answerTo = ({ value }: { readonly value: { readonly id: number; readonly city: string } }) => ({
  ...value,
  degrees: value.id % 30,
})

requests$(link, reading)
  .pipe(serve((request) => of(answerTo(request)), { drain$ }))
  .subscribe(count)
requests$(link, readings)
  .pipe(serve((request) => Array.from({ length: itemsInAStream }, () => answerTo(request)), { drain$ }))
  .subscribe(count)
requests$(link, silence)
  .pipe(serve((): Observable<never> => NEVER, { drain$ }))
  .subscribe(count)

const sampling = setInterval(() => takeSample(samples, { served }), every)
onParentMessage({
  finish: () => {
    clearInterval(sampling)
    void link.close().then(() => {
      takeSample(samples, { served })
      notifyParent('finished')
    })
  },
})
for (const { topic } of [reading, readings, silence]) await firstValueFrom(link.subscription$(topic.template))
takeSample(samples, { served })
notifyParent('ready')
