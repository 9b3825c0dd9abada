import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import org.jumpmind.symmetric.ClientSymmetricEngine;

/**
 * The nodes of the property files given, in one process. Reads words from its input, one a line, and says `done WORD` after
 * each: `part` stops what the nodes do, `rejoin` starts it again. Ends when its input does.
 */
public final class Nodes {
  public static void main(String[] files) throws Exception {
    List<ClientSymmetricEngine> nodes = new ArrayList<>();
    for (String file : files) nodes.add(new ClientSymmetricEngine(new File(file)));
    for (ClientSymmetricEngine node : nodes) node.start();
    say("started");
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String word = input.readLine(); word != null; word = input.readLine()) {
      for (ClientSymmetricEngine node : nodes) {
        if (word.equals("part")) node.stop();
        if (word.equals("rejoin")) node.start();
      }
      say(word);
    }
    System.exit(0);
  }

  private static void say(String word) {
    System.out.println("done " + word);
    System.out.flush();
  }
}
