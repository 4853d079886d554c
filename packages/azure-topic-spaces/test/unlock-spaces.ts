import { topicSpace, type TopicSpace } from '../src/index.js'

/** The two topic spaces of the unlock scenario. */
export const unlockSpaces: readonly TopicSpace[] = [
  topicSpace({
    name: 'publisher_ts',
    type: 'PublishOnly',
    templates: ['vehicles/unlock/req/+/${principal.deviceid}', 'vehicles/unlock/res/+/${principal.deviceid}'],
  }),
  topicSpace({
    name: 'subscriber_ts',
    type: 'LowFanout',
    templates: ['vehicles/unlock/req/${principal.deviceid}/#', 'vehicles/unlock/res/${principal.deviceid}/#'],
  }),
]
