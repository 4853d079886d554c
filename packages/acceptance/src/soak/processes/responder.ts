import { requests$, serve } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { firstValueFrom, NEVER, of, type Observable } from 'rxjs'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'
import { reading, readings, unanswered } from '../contract.js'
import { takeSample } from '../sample.js'

/** The role of a requester or responder in the soak. */
export interface SoakPeerRole {
  readonly port: number
  readonly samples: string
  /** Milliseconds between two samples. */
  readonly samplePeriod: number
  /** The rate in requests a second, used by the requester only. */
  readonly rate: number
}

const { port, samples, samplePeriod } = readRole<SoakPeerRole>()
const link = connect(`mqtt://127.0.0.1:${port}`, { clientId: 'responder' })
const itemsPerStream = 20
let served = 0
const count = (): void => void (served += 1)
const responseTo = ({ value }: { readonly value: { readonly id: number; readonly city: string } }) => ({
  ...value,
  degrees: value.id % 30,
})

requests$(link, reading)
  .pipe(serve((request) => of(responseTo(request))))
  .subscribe(count)
requests$(link, readings)
  .pipe(serve((request) => Array.from({ length: itemsPerStream }, () => responseTo(request))))
  .subscribe(count)
requests$(link, unanswered)
  .pipe(serve((): Observable<never> => NEVER))
  .subscribe(count)

const sampling = setInterval(() => takeSample(samples, { served }), samplePeriod)
onParentMessage({
  finish: () => {
    clearInterval(sampling)
    void link.close().then(() => {
      takeSample(samples, { served })
      notifyParent('finished')
    })
  },
})
for (const { topic } of [reading, readings, unanswered])
  await firstValueFrom(link.subscription$(topic.template))
takeSample(samples, { served })
notifyParent('ready')
