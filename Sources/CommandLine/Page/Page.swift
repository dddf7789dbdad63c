import EmotionFormer
import EmotionFormerModelFormat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A self-contained page that needs no network. Its content security policy forbids every request and every other
/// script.
struct Page {
    var title: String
    /// The HTML inside of the `main` element.
    var body: String
    var script: String?
    /// The data for the script, as JSON.
    var data: String?

    var html: String {
        let scriptSource = script.map { "'\(Page.hash($0))'" } ?? "'none'"
        let policy = [
            "default-src 'none'", "style-src '\(Page.hash(PageAsset.style))'", "script-src \(scriptSource)",
            "img-src data:", "base-uri 'none'", "form-action 'none'",
        ].joined(separator: "; ")
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="generator" content="emotionformer \(EmotionFormerVersion.current)">
            <link rel="icon" href="data:,">
            <title>\(HTML.escaped(title))</title>
            <style>\(PageAsset.style)</style>
            </head>
            <body>
            <main>
            \(body)
            </main>
            <footer>Written by emotionformer \(EmotionFormerVersion.current). Inferring emotions of people from their faces is \
            contested in science and regulated in places.</footer>
            \(data.map { "<script type=\"application/json\" id=\"data\">\(HTML.embedded($0))</script>" } ?? "")
            \(script.map { "<script>\($0)</script>" } ?? "")
            </body>
            </html>

            """
    }

    /// A source of a content security policy.
    private static func hash(_ text: String) -> String {
        let digits = ModelPackage.Producer.Source(name: "", contents: Array(text.utf8)).sha256
        let values = digits.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        let bytes = stride(from: 0, to: values.count - 1, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
        return "sha256-" + Data(bytes).base64EncodedString()
    }
}
