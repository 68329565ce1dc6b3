import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.text.ParseException;
import java.util.Date;
import java.util.TimeZone;
import org.quartz.CronExpression;

/** Asks the real Quartz. A line in: expression, zone, after (ms), count, tabs between. A line out: ms, or "invalid". */
public class QuartzOracle {
    public static void main(String[] args) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        StringBuilder out = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split("\t");
            try {
                CronExpression expression = new CronExpression(parts[0]);
                expression.setTimeZone(TimeZone.getTimeZone(parts[1]));
                Date at = new Date(Long.parseLong(parts[2]));
                for (int left = Integer.parseInt(parts[3]); left > 0 && at != null; left--) {
                    at = expression.getTimeAfter(at);
                    out.append(at == null ? "none" : String.valueOf(at.getTime())).append(' ');
                }
            } catch (ParseException | RuntimeException invalid) {
                // Quartz takes some expressions (an L for seconds) and then can't tell any time: refused, only later.
                out.setLength(out.lastIndexOf("\n") + 1);
                out.append("invalid");
            }
            out.append('\n');
        }
        System.out.print(out);
    }
}
