import type { AwsAccess, ClockOffsets } from '../access/aws-access.ts'

/** What a source needs of the way to AWS. */
export type SourceAccess = Pick<AwsAccess, 'service' | 'isAws'> & ClockOffsets
