/** Invokes two commands: a greeting, and the shutdown of the device. */
import { invoke$, type Invocation } from '@antiphon/oci-raw-commands'

const url = process.env['OCI_IOT_ENDPOINT'] ?? 'http://127.0.0.1:8080'
const instanceId = process.env['DIGITAL_TWIN_INSTANCE_ID'] ?? 'ocid1.lamp'

for (const requestData of [{ hello: 'world' }, { shutdown: true }]) {
  const invocation: Invocation = {
    requestDataFormat: 'JSON',
    requestEndpoint: 'iot/v1/cmd',
    requestDuration: 'PT10M',
    requestData,
    responseEndpoint: 'iot/v1/rsp',
    responseDuration: 'PT10M',
  }
  await invoke$(instanceId, invocation, { url }).forEach(({ status, record }) => {
    const response = status === 'COMPLETED' ? ` ${JSON.stringify(record.response_data)}` : ''
    console.log(`${JSON.stringify(requestData)} ${status}${response}`)
  })
}
