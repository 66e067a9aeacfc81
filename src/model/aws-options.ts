const start = ['start'] as const

/** What of the table of settings is about AWS, or what stands in for it: region, account, endpoints, trust. */
export const awsOptions = {
  region: {
    key: 'aws.region',
    flag: '--aws-region',
    env: 'MILLRACE_AWS_REGION',
    type: 'text',
    placeholder: 'REGION',
    commands: start,
    doc: "Region of requests and of ARNs that Millrace makes. Unset: the SDK's own rules (AWS_REGION, profile), then AWS_DEFAULT_REGION.",
  },
  account: {
    key: 'aws.account',
    flag: '--aws-account',
    env: 'MILLRACE_AWS_ACCOUNT',
    type: 'account',
    default: '000000000000',
    placeholder: 'DIGITS',
    commands: start,
    doc: "Account of ARNs that Millrace makes where no source's ARN gives one.",
  },
  endpoint: {
    key: 'aws.endpoint',
    flag: '--aws-endpoint',
    env: 'MILLRACE_AWS_ENDPOINT',
    type: 'url',
    placeholder: 'URL',
    commands: start,
    doc: "Endpoint of all services. Unset: the SDK's own rules (AWS_ENDPOINT_URL, profile).",
  },
  endpointSqs: endpointOf('sqs', 'SQS'),
  endpointKinesis: endpointOf('kinesis', 'Kinesis Data Streams'),
  endpointDynamodbstreams: endpointOf('dynamodbstreams', 'DynamoDB Streams'),
  endpointDynamodb: endpointOf('dynamodb', 'DynamoDB'),
  endpointLambda: endpointOf('lambda', 'Lambda, the upstream that runs functions'),
  endpointSns: endpointOf('sns', 'SNS'),
  endpointS3: endpointOf('s3', 'S3'),
  caFile: {
    key: 'aws.caFile',
    flag: '--aws-ca-file',
    env: 'MILLRACE_AWS_CA_FILE',
    type: 'text',
    placeholder: 'FILE',
    commands: start,
    doc: "PEM file with the authorities that sign the endpoints' certificates. Unset: AWS_CA_BUNDLE, else the system's.",
  },
  insecure: {
    key: 'aws.insecure',
    flag: '--aws-insecure',
    env: 'MILLRACE_AWS_INSECURE',
    type: 'boolean',
    default: false,
    commands: start,
    doc: 'Accept any certificate of the endpoints.',
  },
  trustSqs: trustOf('sqs', 'SQS'),
  trustKinesis: trustOf('kinesis', 'Kinesis Data Streams'),
  trustDynamodbstreams: trustOf('dynamodbstreams', 'DynamoDB Streams'),
  trustDynamodb: trustOf('dynamodb', 'DynamoDB'),
  trustLambda: trustOf('lambda', 'Lambda'),
  trustSns: trustOf('sns', 'SNS'),
  trustS3: trustOf('s3', 'S3'),
} as const

function trustOf<Service extends string>(service: Service, title: string) {
  return {
    key: `aws.trust.${service}`,
    flag: `--aws-trust-${service}`,
    env: `MILLRACE_AWS_TRUST_${service.toUpperCase()}`,
    type: 'text',
    placeholder: 'FILE',
    commands: ['start'],
    doc: `For the endpoint of ${title} alone, in place of aws.caFile and aws.insecure: a PEM file, or insecure.`,
  } as const
}

function endpointOf<Service extends string>(service: Service, title: string) {
  return {
    key: `aws.endpoints.${service}`,
    flag: `--aws-endpoint-${service}`,
    env: `MILLRACE_AWS_ENDPOINT_${service.toUpperCase()}`,
    type: 'url',
    placeholder: 'URL',
    commands: ['start'],
    doc: `Endpoint of ${title}; wins over aws.endpoint.`,
  } as const
}
