#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#else
    import Glibc
#endif

/// What the operating system says of this process and its processor.
enum ProcessFacts {
    /// The most memory that the process has had at once.
    static var peakResidentBytes: Int {
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

    /// The processor's name, or its kind where the system does not tell.
    static var processor: String {
        #if canImport(Darwin)
            var size = 0
            sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
            var name = [UInt8](repeating: 0, count: max(size, 1))
            guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return "unknown" }
            return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        #else
            guard let file = fopen("/proc/cpuinfo", "r") else { return "unknown" }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 512)
            while fgets(&line, 512, file) != nil {
                let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
                return text[text.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }
            return "unknown"
        #endif
    }
}
