import EmotionFormerSystem

/// Facts about this process and its processor, from the operating system.
enum ProcessFacts {
    /// The peak resident memory of the process.
    static var peakResidentBytes: Int {
        #if os(Linux)
            // The alternative, ru_maxrss, is inherited from the parent process.
            if let line = line(of: "/proc/self/status", startingWith: "VmHWM:"),
                let kilobytes = line.split(whereSeparator: \.isWhitespace).first.flatMap({ Int($0) })
            {
                return kilobytes * 1024
            }
        #endif
        var usage = rusage()
        #if canImport(Darwin)
            guard getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
            return usage.ru_maxrss
        #else
            // RUSAGE_SELF is 0; the C libraries import it as different types. Kilobytes here, bytes on Darwin.
            guard getrusage(0, &usage) == 0 else { return 0 }
            return usage.ru_maxrss * 1024
        #endif
    }

    /// The processor's name, or its architecture if the system does not give one.
    static var processor: String {
        #if canImport(Darwin)
            var size = 0
            sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
            var name = [UInt8](repeating: 0, count: max(size, 1))
            guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return "unknown" }
            return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        #else
            guard let line = line(of: "/proc/cpuinfo", startingWith: "model name"),
                let colon = line.firstIndex(of: ":")
            else { return "unknown" }
            return line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #endif
    }

    #if !canImport(Darwin)
        /// The text after `start` in the first line of a file that begins with it.
        private static func line(of path: String, startingWith start: String) -> Substring? {
            guard let file = fopen(path, "r") else { return nil }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 512)
            while fgets(&buffer, 512, file) != nil {
                let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if text.hasPrefix(start) { return text.dropFirst(start.count) }
            }
            return nil
        }
    #endif
}
