import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.text.ParseException;
import java.util.Date;
import java.util.TimeZone;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.quartz.CronExpression;

/**
 * Asks the real Quartz. A line in: expression, zone, after (ms), count, tabs between. A line out: ms; or "invalid";
 * or "endless" where Quartz searches on and on.
 */
public class QuartzOracle {
    private static final int PATIENCE_S = 5;

    public static void main(String[] args) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        ExecutorService thread = daemon();
        StringBuilder out = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split("\t");
            Future<String> answer = thread.submit(() -> times(parts));
            try {
                out.append(answer.get(PATIENCE_S, TimeUnit.SECONDS));
            } catch (TimeoutException endless) {
                out.append("endless");
                thread = daemon();
            }
            out.append('\n');
        }
        System.out.print(out);
        System.exit(0);
    }

    private static ExecutorService daemon() {
        return Executors.newSingleThreadExecutor(work -> {
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        });
    }

    private static String times(String[] parts) {
        StringBuilder out = new StringBuilder();
        try {
            CronExpression expression = new CronExpression(parts[0]);
            expression.setTimeZone(TimeZone.getTimeZone(parts[1]));
            Date at = new Date(Long.parseLong(parts[2]));
            for (int left = Integer.parseInt(parts[3]); left > 0 && at != null; left--) {
                at = expression.getTimeAfter(at);
                out.append(at == null ? "none" : String.valueOf(at.getTime())).append(' ');
            }
            return out.toString();
        } catch (ParseException | RuntimeException invalid) {
            // Quartz takes some expressions (an L for seconds) and then can't tell any time: refused, only later.
            return "invalid";
        }
    }
}
