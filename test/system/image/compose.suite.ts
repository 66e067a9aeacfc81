import { describe, expect, inject, it } from 'vitest'
import { startLocalStack } from '../readme/local-stack.ts'
import { commandsOf, commandsWithin, composed, composeMissing, inProject, startsAndShows } from './compose.ts'
import { until } from '../../support/until.ts'
import { report, skipped } from './report.ts'

/** The file, the column of the table, and the images that it needs of others beside those of every file. */
const stacks = [
  { file: 'localstack.yaml', title: 'LocalStack', images: ['localstack/'] },
  { file: 'ministack.yaml', title: 'MiniStack', images: ['ministackorg/'] },
  { file: 'moto.yaml', title: 'moto', images: ['motoserver/'] },
  { file: 'elasticmq.yaml', title: 'ElasticMQ', images: ['softwaremill/', 'ghcr.io/', 'amazon/dynamodb-local'] },
  { file: 'sam-local.yaml', title: 'sam local', images: ['softwaremill/'] },
  { file: 'floci.yaml', title: 'Floci', left: 'its image cannot be pulled, and no package registry has the program' },
  { file: 'aws.yaml', title: 'AWS', left: 'needs an account' },
] as const

function absent(images: readonly string[]): string {
  const all = ['amazon/aws-cli', 'public.ecr.aws/', ...images]
  return inject('imagesMissing')
    .filter((line) => all.some((tag) => line.startsWith(tag)))
    .join('; ')
}

if (composeMissing !== '') for (const { title } of stacks) skipped(title, composeMissing)

describe.skipIf(composeMissing !== '').each(stacks)('$title', ({ file }) => {
  it('the compose file is read', async () => {
    const text = await composed(file)
    expect(text).toContain('service_healthy')
    expect(text).toContain('host.docker.internal')
    expect(commandsOf(file)).toHaveLength(3)
  })
})

// The README shows those of LocalStack, see readme.suite.ts.
for (const stack of stacks.filter(({ title }) => title !== 'LocalStack' && title !== 'sam local')) {
  const { file, title } = stack
  const reason = 'left' in stack ? stack.left : absent(stack.images)
  describe.skipIf(composeMissing !== '')(title, () => {
    it('a message of the queue reaches the function', async ({ skip }) => {
      skip(reason !== '', reason)
      await inProject(file, async (project) => {
        const { upSeconds, shown } = await startsAndShows(project, commandsOf(file), 'received aws:sqs hello')
        expect(shown).not.toContain('rror')
        report(`${title}: docker compose up`, `${upSeconds.toFixed(0)} s`)
        const [toStream, toTable] = commandsWithin(file)
        if (toStream === undefined || toTable === undefined) return
        const logs = commandsOf(file)[2] ?? ''
        await project.succeeds(toStream)
        // Version 1 of the AWS CLI takes the data as it stands, version 2 decodes it.
        await project.shows(logs, /received aws:kinesis (?:hello|aGVsbG8=)/)
        await project.succeeds(toTable)
        await project.shows(logs, /received aws:dynamodb/)
        report(`${title}: Kinesis and DynamoDB`, 'a record and a change reach the function as well')
      })
    })
  })
}

describe.skipIf(composeMissing !== '')('sam local', () => {
  it('a message of the queue reaches the function', async ({ skip }) => {
    const reason = absent(['softwaremill/'])
    skip(reason !== '', reason)
    // Stands for `sam local start-lambda` on this machine.
    const sam = await startLocalStack([], '0.0.0.0')
    try {
      const environment = { SAM_LOCAL_URL: `http://host.docker.internal:${sam.port}` }
      await inProject(
        'sam-local.yaml',
        async (project) => {
          const { upSeconds } = await startsAndShows(
            project,
            commandsOf('sam-local.yaml'),
            /sqs:orders +orders +Enabled/,
          )
          await until(async () => sam.received('orders').length > 0, 'the function has it')
          expect(sam.received('orders')).toEqual(['hello'])
          report('sam local: docker compose up', `${upSeconds.toFixed(0)} s`)
        },
        environment,
      )
    } finally {
      await sam.stop()
    }
  })
})
