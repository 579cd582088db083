/**
 * Sealing with a password: the age format with a passphrase recipient (age-encryption.org/v1), as
 * streams. The `age` command opens what is sealed here, and the other way round.
 */
import { PasswordError } from '../errors';

const AGE_MAGIC = 'age-encryption.org/v1\n';

/** Whether a file is sealed; armoured ones are not known. */
export async function isSealed(file: Blob): Promise<boolean> {
  return (await file.slice(0, AGE_MAGIC.length).text()) === AGE_MAGIC;
}

export async function sealed(
  content: ReadableStream<Uint8Array>,
  password: string,
): Promise<ReadableStream<Uint8Array>> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.setPassphrase(password);
  return encrypter.encrypt(content);
}

/**
 * The content of a sealed file. Damage within it fails the stream when it is reached.
 * @throws PasswordError for a wrong password, or none
 */
export async function unsealed(
  file: Blob,
  password: string | undefined,
  name: string,
): Promise<ReadableStream<Uint8Array>> {
  if (password === undefined || password === '') {
    throw new PasswordError(`${name} is sealed with a password.`, { subject: name });
  }
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addPassphrase(password);
  try {
    return await decrypter.decrypt(file.stream());
  } catch (error) {
    throw new PasswordError(`The password does not open ${name}.`, { cause: error, subject: name });
  }
}
