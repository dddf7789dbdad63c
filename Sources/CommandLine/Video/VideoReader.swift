import EmotionFormerFiles
import EmotionFormerLandmarks

/// The pictures of a video or a camera, one after the other, from a child process `ffmpeg`. Only one is in memory; the
/// child waits while it is not read.
final class VideoReader {
    /// A picture's size and time; its bytes are in `pixels`.
    struct Frame {
        let width: Int
        let height: Int
        /// In units of `timeBase`; nil for a frame without time.
        let ticks: Int?
    }

    struct Settings: Sendable {
        /// Whether rotated and mirrored pictures are left as they are stored.
        var asStored = false
        /// The seconds that ffmpeg may send nothing while it is waited for.
        var patience = 30
        /// Whether Ctrl-C ends the pictures and not the program.
        var isLive = false
    }

    /// height × width × 3: red, green, blue.
    private(set) var pixels: [UInt8] = []
    private(set) var timeBase: Fraction?
    /// The rate that the container states.
    private(set) var statedRate: Fraction?
    /// The number of frames read.
    private(set) var count = 0
    /// What ffmpeg found wrong in a video that it read to an end.
    private(set) var complaint: String?

    private let input: FFmpeg.Input
    private let name: String
    private let settings: Settings
    private var child: ChildProcess
    private var pipes: ChildPipes
    private var messages = FFmpegMessages()
    /// What was read of the next pictures.
    private var ahead: [UInt8] = []
    private var aheadStart = 0
    /// Times of frames whose pictures have not been read.
    private var announced: [Int?] = []
    private var nextNumber = 0
    private var isMuddled = false
    private var hasEnded = false

    /// - Parameter name: the file or camera, for messages.
    init(_ input: FFmpeg.Input, name: String, settings: Settings) throws(Failure) {
        self.input = input
        self.name = name
        self.settings = settings
        if settings.isLive { Interruption.stopCameraFirst() }
        let child = try FFmpeg.start(FFmpeg.pictures(input, asStored: settings.asStored), for: name)
        self.child = child
        pipes = ChildPipes(child, patience: settings.patience)
    }

    /// The next frame; nil at the end.
    /// - Throws: if ffmpeg fails, hangs, or sends something else than pictures. What was read before is good.
    func next() throws(Failure) -> Frame? {
        guard !hasEnded else { return nil }
        do throws(Failure) {
            if let frame = try nextFrame() { return frame }
            hasEnded = true
            child.end()
            return nil
        } catch {
            hasEnded = true
            child.end()
            // Ctrl-C has ended the child, whatever it was about to send.
            if settings.isLive, Interruption.hasStoppedCamera { return nil }
            throw error
        }
    }

    private func nextFrame() throws(Failure) -> Frame? {
        guard let header = try nextHeader() else { return nil }
        let size = header.sampleBytes
        if pixels.count != size { pixels = [UInt8](repeating: 0, count: size) }
        let known = min(size, ahead.count - aheadStart)
        pixels.withUnsafeMutableBytes { target in
            ahead[aheadStart..<aheadStart + known].withUnsafeBytes { target.copyMemory(from: $0) }
        }
        aheadStart += known
        var filled = known
        while filled < size {
            let count = try read(filled)
            guard count > 0 else {
                throw failure("frame \(self.count) is cut short (found \(filled) bytes, expected \(size))")
            }
            filled += count
        }
        let ticks = try time()
        count += 1
        return Frame(width: header.width, height: header.height, ticks: ticks)
    }

    /// nil at the end of the video.
    private func nextHeader() throws(Failure) -> PortableMap.Header? {
        while true {
            do throws(FileFormatError) {
                if let header = try PortableMap.header(ahead[aheadStart...]) {
                    guard header.isColor, header.maximum == 255 else {
                        throw FileFormatError(at: "", "this is not a PPM picture of 8 bits")
                    }
                    aheadStart += header.byteCount
                    return header
                }
            } catch {
                throw failure("frame \(count): ffmpeg sends no picture: \(error.fault(malformed: .invalidValue))")
            }
            // What is left is the beginning of a header.
            ahead.removeFirst(aheadStart)
            aheadStart = 0
            let start = ahead.count
            ahead.append(contentsOf: repeatElement(0, count: 1 << 16))
            let found = try readAhead(start)
            ahead.removeLast(ahead.count - start - found)
            guard found == 0 else { continue }
            guard ahead.isEmpty else { throw failure("frame \(count) is cut short (found \(ahead.count) bytes)") }
            guard try hasFinished() else { continue }
            return nil
        }
    }

    private func readAhead(_ start: Int) throws(Failure) -> Int {
        do throws(ChildPipes.Silence) {
            return try ahead.withUnsafeMutableBytes { buffer in
                Result { () throws(ChildPipes.Silence) in
                    try pipes.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...])) { note($0) }
                }
            }.get()
        } catch {
            throw silence
        }
    }

    private func read(_ start: Int) throws(Failure) -> Int {
        do throws(ChildPipes.Silence) {
            return try pixels.withUnsafeMutableBytes { buffer in
                Result { () throws(ChildPipes.Silence) in
                    try pipes.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...])) { note($0) }
                }
            }.get()
        } catch {
            throw silence
        }
    }

    /// The time of the frame whose picture was just read.
    private func time() throws(Failure) -> Int? {
        // The line comes before the picture or just after it.
        var waited = 0
        while announced.isEmpty, waited < 50 {
            pipes.readErrors(milliseconds: 20) { note($0) }
            waited += 1
        }
        guard !isMuddled, !announced.isEmpty else {
            throw failure("frame \(count): ffmpeg does not say when the picture is shown")
        }
        return announced.removeFirst()
    }

    private func note(_ line: String) {
        switch ShowInfo(line) {
        case .stream(let timeBase, let rate):
            self.timeBase = timeBase ?? self.timeBase
            statedRate = rate ?? statedRate
            nextNumber = 0
        case .frame(let number, let ticks):
            if number != nextNumber { isMuddled = true }
            nextNumber += 1
            announced.append(ticks)
        case nil: messages.add(line)
        }
    }

    /// Both pipes have ended.
    /// - Returns: false if ffmpeg was started anew.
    private func hasFinished() throws(Failure) -> Bool {
        switch child.wait(seconds: settings.patience) {
        case .code(0):
            guard announced.isEmpty else {
                throw failure("ffmpeg announced \(announced.count) more frames than it sent")
            }
            complaint = messages.firstError
            return true
        case .code(let code):
            if count == 0, let said = messages.firstError, FFmpegMessages.isAboutFrameMode(said) {
                try startAnew()
                return false
            }
            throw failure(
                count == 0
                    ? "ffmpeg cannot read it\(messages.reason)"
                    : "ffmpeg ends with code \(code) after \(count) frames\(messages.reason)")
        case .signal(let number): throw failure("ffmpeg was ended by signal \(number) after \(count) frames")
        case nil: throw silence
        }
    }

    private func startAnew() throws(Failure) {
        let arguments = FFmpeg.pictures(input, asStored: settings.asStored, hasFrameMode: false)
        child = try FFmpeg.start(arguments, for: name)
        pipes = ChildPipes(child, patience: settings.patience)
        messages = FFmpegMessages()
    }

    private var silence: Failure {
        failure(
            "ffmpeg sent nothing for \(settings.patience) seconds after \(count) frames and was ended "
                + "(--patience waits longer)")
    }

    private func failure(_ words: String) -> Failure { Failure("\(name): \(words)") }
}

extension FFmpegMessages {
    /// `Unrecognized option 'fps_mode'.`
    static func isAboutFrameMode(_ text: String) -> Bool { text.hasPrefix("Unrecognized option 'fps_mode'") }
}
