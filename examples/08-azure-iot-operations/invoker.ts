/** The operator of the press: invokes the command, and prints the telemetry. */
import { invokeCommand, OperationsError, receiveTelemetry$ } from '@antiphon/azure-iot-operations'
import { connectOperations, settingsFromEnvironment } from '@antiphon/azure-iot-operations/connect'
import { firstValueFrom, ReplaySubject } from 'rxjs'
import { force, press } from './press.js'

const link = connectOperations(settingsFromEnvironment())
const forces$ = new ReplaySubject<string>(10)
await new Promise<void>((onSubscribed) => {
  receiveTelemetry$(link, force, { onSubscribed }).subscribe(({ value, topicTokens, cloudEvent }) =>
    forces$.next(`${topicTokens['senderId']}: ${value} kN, an event of ${cloudEvent?.source}`),
  )
})

const topicTokens = { executorId: 'press-7' }
const { value, metadata } = await invokeCommand(link, press, { value: { force: 3 }, topicTokens })
console.log(`Response: ${JSON.stringify(value)}, ${JSON.stringify(metadata)}`)
console.log(`Telemetry of ${await firstValueFrom(forces$)}`)

const absent = { value: { force: 3 }, topicTokens: { executorId: 'press-8' }, commandTimeout: 500 }
await invokeCommand(link, press, absent).catch((error: unknown) => {
  if (error instanceof OperationsError) console.log(`Error: ${error.kind}, ${error.timeoutName}`)
})
await link.close()
