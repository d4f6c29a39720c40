# Makes a man page of what --help says: awk -v name=PROGRAM -v version=V -f help_to_man.awk HELP...
# The first file is the program's own help; each further one, of a command, becomes a chapter.

function escaped(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	sub(/^[.']/, "\\\\\\&&", text)
	return text
}

function chapter(title) { print ".SH \"" toupper(title) "\"" }

BEGIN { print ".TH " toupper(name) " 1 \"\" \"Meantime " version "\" \"Meantime\"" }

FNR == 1 {
	files++
	what = $0
	sub(/^[^ ]+( [^ ]+)? - /, "", what)
	if (files == 1) {
		chapter("name")
		print escaped(name " - " what)
	} else {
		chapter("the command " $2)
		print escaped(toupper(substr(what, 1, 1)) substr(what, 2) ".")
	}
	next
}

/^usage: / {
	if (files == 1) chapter("synopsis")
	print ".PP\n.B " escaped(substr($0, 8))
	if (files == 1) chapter("description")
	next
}

/^exit status: / {
	chapter("exit status")
	print escaped(substr($0, 14))
	next
}

/^$/ {
	print ".PP"
	next
}

# "  --name VALUE   what it does", or the description on the next line: it begins behind the last wide gap
/^  [^ ]/ {
	line = term = substr($0, 3)
	if (match(line, /.*[^ ]   *[^ ]/)) {
		term = substr(line, 1, RLENGTH - 1)
		gsub(/  +/, " ", term)
		sub(/ $/, "", term)
		line = substr(line, RLENGTH)
	} else {
		line = ""
	}
	print ".TP\n.B " escaped(term)
	if (line != "") print escaped(line)
	next
}

{
	sub(/^ +/, "")
	print escaped($0)
}
