/** A key pair that clients sign with, as in a file of AWS credentials. */
export interface AccessKey {
  /** Who it stands for, in the log: the profile's name, else the key's id. */
  readonly name: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
}
