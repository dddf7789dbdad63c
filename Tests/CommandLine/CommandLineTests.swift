import Foundation
import Testing

@Suite("emotionformer")
struct CommandLineTests {
    @Test(
        "A wrong command line is one line and code 64",
        arguments: [
            ["predict"], ["predict", "--frobnicate", "x"], ["predict", "-"], ["predict", "--json", "--csv", "x.npy"],
            ["predict", "--top", "0", "x.npy"], ["predict", "--threads", "0", "x.npy"],
            ["predict", "--threads", "many", "x.npy"], ["predict", "--input-format", "wav", "x"], ["fly"], ["inspect"],
            ["inspect", "--stage", "packed", "x"], ["predict", "--input-format", "npy", "-", "-"],
        ])
    func usage(arguments: [String]) throws {
        let run = try Executable.run(arguments)
        #expect(run.code == 64)
        #expect(run.isOneLineFailure, "\(run.errors)")
        #expect(run.output.isEmpty)
    }

    @Test("Help and the version go to standard output")
    func help() throws {
        let help = try Executable.run("--help")
        #expect(help.code == 0)
        #expect(help.errors.isEmpty)
        for word in ["EXAMPLES", "EXIT CODES", "predict", "inspect", "verify"] { #expect(help.output.contains(word)) }
        for command in ["predict", "inspect", "verify"] {
            #expect(try Executable.run(command, "--help").output.contains("EXAMPLES"))
        }
        let version = try Executable.run("--version")
        #expect(version.code == 0)
        #expect(version.lines.count == 1)
        #expect(version.lines.first?.split(separator: ".").count == 3)
    }

    @Test("Shell completions are printed", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) throws {
        let run = try Executable.run("--generate-completion-script", shell)
        #expect(run.code == 0)
        #expect(run.output.contains("emotionformer"))
    }
}
