//! Which machines the value of a variable is meant for, by the names of both.

/// Words of the names of variables, and the domains of whom they are for.
const OWNERS: &[(&[&str], &[&str])] = &[
    (&["GITHUB", "GH"], &["github.com", "githubusercontent.com"]),
    (&["GITLAB", "GL"], &["gitlab.com"]),
    (&["BITBUCKET"], &["bitbucket.org"]),
    (&["OPENAI"], &["openai.com"]),
    (&["ANTHROPIC", "CLAUDE"], &["anthropic.com", "claude.com"]),
    (&["GEMINI", "GOOGLE", "GCP"], &["googleapis.com"]),
    (&["MISTRAL"], &["mistral.ai"]),
    (&["GROQ"], &["groq.com"]),
    (&["HF", "HUGGINGFACE", "HUGGINGFACEHUB"], &["huggingface.co", "hf.co"]),
    (&["OPENROUTER"], &["openrouter.ai"]),
    (&["REPLICATE"], &["replicate.com"]),
    (&["NPM"], &["npmjs.org", "npmjs.com"]),
    (&["PYPI"], &["pypi.org"]),
    (&["CARGO", "CRATES"], &["crates.io"]),
    (&["DOCKER", "DOCKERHUB"], &["docker.com", "docker.io"]),
    (&["SLACK"], &["slack.com"]),
    (&["DISCORD"], &["discord.com"]),
    (&["TELEGRAM"], &["telegram.org"]),
    (&["STRIPE"], &["stripe.com"]),
    (&["TWILIO"], &["twilio.com"]),
    (&["SENDGRID"], &["sendgrid.com"]),
    (&["MAILGUN"], &["mailgun.net"]),
    (&["CLOUDFLARE", "CF"], &["cloudflare.com"]),
    (&["DIGITALOCEAN", "DO"], &["digitalocean.com"]),
    (&["HEROKU"], &["heroku.com"]),
    (&["VERCEL"], &["vercel.com"]),
    (&["NETLIFY"], &["netlify.com"]),
    (&["FLY"], &["fly.io"]),
    (&["SENTRY"], &["sentry.io"]),
    (&["DATADOG", "DD"], &["datadoghq.com", "datadoghq.eu"]),
    (&["LINEAR"], &["linear.app"]),
    (&["NOTION"], &["notion.com"]),
    (&["JIRA", "ATLASSIAN", "CONFLUENCE"], &["atlassian.com"]),
    (&["CIRCLE", "CIRCLECI"], &["circleci.com"]),
    (&["SUPABASE"], &["supabase.com"]),
    (&["PAGERDUTY"], &["pagerduty.com"]),
    (&["FIGMA"], &["figma.com"]),
];

/// Returns whether the value of a variable may go to a host without a question: to this
/// machine, or to whom its name says it is for.
pub(super) fn may_have(host: &str, variable: &str) -> bool {
    if matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]" | "0.0.0.0") {
        return true;
    }
    let upper = variable.to_ascii_uppercase();
    let is_for = |words: &[&str]| upper.split('_').any(|name| words.contains(&name));
    let domains = OWNERS.iter().filter(|(words, _)| is_for(words)).flat_map(|(_, domains)| *domains);
    domains
        .into_iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_its_domain() {
        for (host, variable, expected) in [
            ("api.github.com", "GITHUB_TOKEN", true),
            ("github.com", "gh_token", true),
            ("localhost", "API_TOKEN", true),
            ("evil.example", "GITHUB_TOKEN", false),
            ("github.com.evil.example", "GITHUB_TOKEN", false),
            ("evilgithub.com", "GITHUB_TOKEN", false),
            ("api.openai.com", "GITHUB_TOKEN", false),
            ("", "GITHUB_TOKEN", false),
        ] {
            assert_eq!(may_have(host, variable), expected, "{host} {variable}");
        }
    }
}
