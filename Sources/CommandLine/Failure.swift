import ArgumentParser
import EmotionFormer
import EmotionFormerCore
import EmotionFormerSystem

/// An error that ends the program: one line on standard error, and a documented exit code.
struct Failure: Error {
    enum Code: Int32 {
        /// Something is wrong with a file, a model or a clip.
        case general = 1
        case noSelfTest = 2
        case selfTestFailed = 3
    }

    /// Ends the program with exit code 1 after failures that were reported already.
    struct Reported: Error {}

    let message: String
    let code: Code

    /// Tells the failure, as one line on standard error, without an end of the program.
    func report() { StandardError.writeLine("emotionformer: \(Failure.oneLine(message))") }

    init(_ message: String, code: Code = .general) {
        self.message = Failure.withOptions(message)
        self.code = code
    }

    /// Ends the process: with code 0 after printing help or the like to standard output, or with one line on standard
    /// error.
    static func exit(with error: any Error) -> Never {
        if error is StandardOutput.ReaderGone { quit(0) }
        if error is Reported {
            try? StandardOutput.flush()
            quit(Code.general.rawValue)
        }
        let (message, code) = describe(error)
        if code == 0 {
            do {
                try StandardOutput.write(message.hasSuffix("\n") ? message : message + "\n")
                try StandardOutput.flush()
            } catch is StandardOutput.ReaderGone {
                quit(0)
            } catch {
                StandardError.writeLine("emotionformer: \(describe(error).message)")
                quit(Code.general.rawValue)
            }
        } else {
            // Output before the failure is valid and is printed first.
            try? StandardOutput.flush()
            StandardError.writeLine("emotionformer: \(oneLine(message))")
        }
        quit(code)
    }

    private static func describe(_ error: any Error) -> (message: String, code: Int32) {
        switch error {
        case let failure as Failure: return (failure.message, failure.code.rawValue)
        case let error as EmotionFormerError: return (Failure.withOptions(error.description), Code.general.rawValue)
        case let fault as Fault: return (Failure.withOptions(fault.description), Code.general.rawValue)
        default:
            let code = EmotionFormerCommand.exitCode(for: error)
            return code.isSuccess
                ? (EmotionFormerCommand.fullMessage(for: error), 0)
                : (EmotionFormerCommand.message(for: error), code.rawValue)
        }
    }

    /// A message of the library, which knows no options, with their names in place of its parameters.
    private static func withOptions(_ message: String) -> String {
        Parameter.allCases.reduce(message) { message, parameter in
            let option =
                switch parameter {
                case .standardDeviation: "std"
                case .fromSigmoid: "from-sigmoid"
                case .missingValue: "missing-value"
                case .mean, .labels, .layout, .signature: parameter.rawValue
                }
            return message.replacing("\(parameter)", with: "--\(option)")
        }
    }

    private static func oneLine(_ message: String) -> String {
        message.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }.joined(separator: " ")
    }

    private static func quit(_ code: Int32) -> Never {
        ChildProcess.endAll()
        EmotionFormerSystem.exit(code)
    }
}
