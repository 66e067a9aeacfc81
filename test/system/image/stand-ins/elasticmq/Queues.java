import org.elasticmq.rest.sqs.SQSRestServerBuilder;

/** The server as its own image starts it. */
class Queues {
  public static void main(String[] arguments) throws Exception {
    SQSRestServerBuilder.withPort(9324).withInterface("0.0.0.0").start().waitUntilStarted();
    Thread.currentThread().join();
  }
}
